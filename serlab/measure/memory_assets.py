"""Takes the scripts that all memray pages share out of them: 4.5 MB once per run instead of in each page.

A page drawn with ``--no-web`` holds every library it needs, plotly above all. The large scripts and styles move into
files named by their content beside the pages, which then load them by relative path; from file:// too.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

#: Smaller ones stay: a file each would be more to handle than it saves.
SHARED_FROM_BYTES = 8 * 1024
#: memray's own name for the data of a page, which no other page shares.
_OWN_DATA = "packed_data"
#: The browser ends a script or style at its first closing tag, so the shortest match is the right one.
_INLINE = re.compile(r"<(script|style)([^>]*)>(.*?)</\1>", re.DOTALL)
FOLDER = "assets"


def share_assets(page: Path) -> Path:
    """Rewrite ``page`` to load its large scripts and styles from the folder ``assets`` beside it; return the page."""
    folder = page.parent / FOLDER

    def moved(match: re.Match[str]) -> str:
        kind, attributes, content = match.groups()
        if len(content) < SHARED_FROM_BYTES or _OWN_DATA in content or "src=" in attributes:
            return match.group(0)
        name = f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.{'js' if kind == 'script' else 'css'}"
        target = folder / name
        if not target.exists():
            folder.mkdir(exist_ok=True)
            target.write_text(content, encoding="utf-8")
        if kind == "style":
            return f'<link rel="stylesheet" href="{FOLDER}/{name}">'
        return f'<script{attributes} src="{FOLDER}/{name}" charset="utf-8"></script>'

    page.write_text(_INLINE.sub(moved, page.read_text(encoding="utf-8")), encoding="utf-8")
    return page
