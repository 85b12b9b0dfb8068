"""A run's files on disk: regular ones of bounded size, inside the run's folder, written whole or not at all.

Results may come from others, so every path that a results file names goes through ``confined`` and every file is read
through ``read_file``, whoever asks.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from serlab.errors import StoreError

#: A full run's largest file is some 100 MB; more than this is not one of serlab's.
MAX_FILE_BYTES = 2**29
#: How the name of a file ends that is not yet what it will be.
UNFINISHED = ".unfinished"


def confined(folder: Path, path: str) -> Path:
    """Return the file that ``path``, relative to a run's ``folder``, means; it need not exist.

    Raises:
        StoreError: it is no relative path, or leads out of the folder, also by a symbolic link.
    """
    relative = PurePosixPath(path)
    target = folder / relative
    inside = bool(path) and not relative.is_absolute() and not {"..", "\\", "\0"} & {*relative.parts, *path}
    try:
        inside = inside and target.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name too long
        inside = False
    if not inside:
        raise StoreError(
            f"{folder} names {path[:200]!r}, which is no path within the run: it is neither read nor written"
        )
    return target


def open_regular(path: Path, limit: int = MAX_FILE_BYTES) -> BinaryIO:
    """Open a file for reading. A device or a pipe is refused without waiting for it.

    Raises:
        FileNotFoundError: there is none.
        StoreError: it cannot be read, is no regular file, or has more than ``limit`` bytes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    status = os.fstat(handle)
    regular = stat.S_ISREG(status.st_mode)
    if regular and status.st_size <= limit:
        return open(handle, "rb")
    os.close(handle)
    why = f"it has {status.st_size:,} B, more than {limit:,}" if regular else "it is no regular file"
    raise StoreError(f"cannot read {path}: {why}")


def read_file(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Return a file's bytes; raises as ``open_regular`` does."""
    with open_regular(path, limit) as file:
        try:
            return file.read(os.fstat(file.fileno()).st_size)
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error


def replace_file(path: Path, content: bytes) -> Path:
    """Write a file whole under another name, and move it into place.

    Raises:
        StoreError: it cannot be written; what stood there stays.
    """
    make_folder(path.parent)
    # Not tempfile: its files are for the owner's eyes only, and results are there to be shared.
    unfinished = path.with_name(f".{path.name}-{os.getpid()}{UNFINISHED}")
    try:
        try:
            unfinished.write_bytes(content)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def make_folder(folder: Path) -> None:
    """Make a folder where there is none.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror}; choose another folder with --results") from error
