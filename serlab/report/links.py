"""Links from a report to the evidence beside it. Results come from others: their paths are checked before use."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import quote

from serlab.errors import StoreError
from serlab.records.files import confined


def evidence(folder: Path, path: str, *, base: str = "./") -> str:
    """Return ``path`` as a URL relative to a page, "" where it leads out of the run's ``folder`` or to nothing.

    ``base`` leads from the page to the folder.

    Absolute paths, ``..``, other schemes and symbolic links that leave the folder are all refused.
    """
    try:
        if not confined(folder, path).is_file():
            return ""
    except (StoreError, OSError):
        return ""
    # The base keeps a name such as "javascript:x" from being read as a scheme.
    return base + quote(str(PurePosixPath(path)))
