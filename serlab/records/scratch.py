"""Temporary folders: gone with the block that uses them, or else with the next start.

A process that is killed leaves its folders behind. Each is locked by the process that made it, so the next command can
tell what nobody uses any more, and removes that first.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path

if sys.platform != "win32":
    import fcntl

#: How the names of all such folders begin.
PREFIX = "serlab-scratch-"
#: A folder younger than this may not have been locked by its maker yet.
SETTLED_S = 2.0

_swept: set[Path] = set()


class Scratch(tempfile.TemporaryDirectory[str]):
    """A temporary folder for ``purpose``, in ``parent`` or where the system has them.

    Raises:
        OSError: it cannot be made: the disk is full, or not to be written.
    """

    def __init__(self, purpose: str, parent: Path | None = None) -> None:
        self._handle = -1
        home = parent or Path(tempfile.gettempdir())
        tidy(home)
        super().__init__(prefix=f"{PREFIX}{purpose}-", dir=home)
        self._handle = _lock(Path(self.name))

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.name)

    def cleanup(self) -> None:
        """Remove the folder."""
        super().cleanup()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def tidy(home: Path) -> None:
    """Sweep a folder, once in this process."""
    if home not in _swept:
        _swept.add(home)
        sweep(home)


def sweep(home: Path) -> list[Path]:
    """Remove the folders in ``home`` that processes of this user have left when they were killed; return them."""
    removed = []
    for path in sorted(home.glob(f"{PREFIX}*")):
        try:
            status = path.lstat()
        except OSError:
            continue
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == (os.geteuid() if sys.platform != "win32" else 0)
        if not ours or time.time() - status.st_ctime < SETTLED_S:
            continue
        handle = _lock(path)
        if handle >= 0:
            shutil.rmtree(path, ignore_errors=True)
            os.close(handle)
            removed.append(path)
    return removed


def _lock(folder: Path) -> int:
    """Return a handle that holds the folder until it is closed or the process ends; -1 where another has it."""
    if sys.platform == "win32":
        return -1
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return -1
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return -1
    return handle
