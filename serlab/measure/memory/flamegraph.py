"""Flamegraphs of memory, made from memray captures; they open offline, with the folder ``assets`` beside them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

from serlab.errors import MeasureError
from serlab.measure import speedscope
from serlab.records.profiles import SPEEDSCOPE

View = Literal["flamegraph", "temporal", "table", "speedscope"]

#: memray's command line per view. ``--no-web`` puts the page's scripts into the page, from where they are shared.
_COMMANDS: dict[View, tuple[str, ...]] = {
    "flamegraph": ("flamegraph",),
    "temporal": ("flamegraph", "--temporal"),
    "table": ("table",),
}


def page_path(capture: Path, view: View = "flamegraph") -> Path:
    """Return where the page of a capture goes: beside it."""
    if view == "speedscope":
        return capture.with_suffix(SPEEDSCOPE)
    return capture.with_suffix(".html" if view == "flamegraph" else f".{view}.html")


def render(capture: Path, view: View = "flamegraph") -> Path:
    """Write the page for ``capture`` and return its path: in this process, which has memray loaded and ends with it.

    Raises:
        MeasureError: memray cannot read the capture.
    """
    if view == "speedscope":
        return speedscope.write_memory(capture)
    from memray.commands import main

    page = page_path(capture, view)
    code = main([*_COMMANDS[view], "--no-web", "--force", "-o", str(page), str(capture)])
    if code:
        raise MeasureError(f"memray makes no {view} of {capture}: exit {code}")
    if view == "flamegraph":
        speedscope.write_memory(capture)
    return share_assets(page)


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
