"""Flamegraphs of memory, made from memray captures; they open offline, with the folder ``assets`` beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

from serlab.errors import MeasureError
from serlab.measure.memory_assets import share_assets

View = Literal["flamegraph", "temporal", "table"]

#: memray's command line per view. ``--no-web`` puts the page's scripts into the page, from where they are shared.
_COMMANDS: dict[View, tuple[str, ...]] = {
    "flamegraph": ("flamegraph",),
    "temporal": ("flamegraph", "--temporal"),
    "table": ("table",),
}
RENDER_TIMEOUT_S = 300.0


def page_path(capture: Path, view: View = "flamegraph") -> Path:
    """Return where the page of a capture goes: beside it."""
    return capture.with_suffix(".html" if view == "flamegraph" else f".{view}.html")


def render(capture: Path, view: View = "flamegraph") -> Path:
    """Write the page for ``capture`` and return its path.

    Raises:
        MeasureError: memray cannot read the capture.
    """
    page = page_path(capture, view)
    command = [sys.executable, "-m", "memray", *_COMMANDS[view], "--no-web", "--force", "-o", str(page), str(capture)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RENDER_TIMEOUT_S, check=False)
    if done.returncode != 0 or not page.exists():
        reason = (done.stderr or done.stdout).strip().splitlines()
        raise MeasureError(f"memray makes no {view} of {capture}: {reason[-1] if reason else 'no reason given'}")
    return share_assets(page)


def run_worker(capture: str, view: View) -> str:
    """Render from a process that has memray loaded already; return the page's path."""
    from memray.commands import main

    page = page_path(Path(capture), view)
    code = main([*_COMMANDS[view], "--no-web", "--force", "-o", str(page), capture])
    if code:
        raise MeasureError(f"memray makes no {view} of {capture}: exit {code}")
    return str(share_assets(page))
