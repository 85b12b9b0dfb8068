"""Who writes into a run's folder: one process at a time. What it holds ends with it, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from weakref import WeakValueDictionary

from serlab.errors import StoreError
from serlab.records.files import UNFINISHED, make_folder

if sys.platform != "win32":
    import fcntl


class FolderLock:
    """An exclusive hold on a folder, shared by whoever in this process writes there; let go with the last of them.

    The kernel's lock on the folder itself: nothing is left behind, and a process that is killed holds nothing.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._status = os.fstat(handle)

    def holds(self, folder: Path) -> bool:
        """Whether ``folder`` is still the one that is held: it may have been removed, or put in its place anew."""
        try:
            status = folder.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == (self._status.st_dev, self._status.st_ino)

    def __del__(self) -> None:
        os.close(self._handle)


#: The folders that this process has held, in order.
written: list[Path] = []
_held: WeakValueDictionary[tuple[int, int], FolderLock] = WeakValueDictionary()


def hold(folder: Path, name: str) -> FolderLock:
    """Take the hold on a run's folder, made if need be, and clear away what a dead process was writing there.

    Raises:
        StoreError: another process has it.
    """
    make_folder(folder)
    if folder not in written:
        written.append(folder)
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror}") from error
    status = os.fstat(handle)
    known = _held.get((status.st_dev, status.st_ino))
    if known:
        os.close(handle)
        return known
    lock = FolderLock(handle)
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                f"run {name} is being written by another serlab: wait until it ends, or measure a run of its own"
            ) from None
        except OSError:  # a file system without locks: as if there were none, which two at once may find out
            return lock
        for left in folder.glob(f".*{UNFINISHED}"):
            left.unlink(missing_ok=True)
    _held[status.st_dev, status.st_ino] = lock
    return lock
