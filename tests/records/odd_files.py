"""What stands where a file is looked for and is none of a size that anyone would read."""

from __future__ import annotations

import os
from pathlib import Path

KINDS = ("fifo", "device", "folder", "huge")


def make_odd(path: Path, kind: str) -> None:
    """Make a pipe, a link to a device without an end, a folder, or a file of 2 TiB that has no blocks."""
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case _:
            path.touch()
            os.truncate(path, 2**41)
