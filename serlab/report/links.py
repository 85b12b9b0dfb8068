"""Links from a report to the evidence beside it. Results come from others: their paths are checked before use."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import quote


def evidence(folder: Path, path: str, *, base: str = "./") -> str:
    """Return ``path`` as a URL relative to a page, "" where it leads out of the run's ``folder`` or to nothing.

    ``base`` leads from the page to the folder.

    Absolute paths, ``..``, other schemes and symbolic links that leave the folder are all refused.
    """
    relative = PurePosixPath(path)
    if not path or relative.is_absolute() or ".." in relative.parts or "\\" in path or "\0" in path:
        return ""
    target = folder / relative
    try:
        inside = target.resolve().is_relative_to(folder.resolve())
        if not inside or not target.is_file():
            return ""
    except OSError:
        return ""
    # The base keeps a name such as "javascript:x" from being read as a scheme.
    return base + quote(str(relative))
