"""Turns Vega-Lite into SVG, many charts at a time: vl-convert takes some 60 ms per chart and uses one core.

The chart's part of the work is done in processes of its own, which import nothing but vl-convert.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

#: A process needs as long to start as ten charts take to draw; pages with fewer charts are drawn here.
WORTH_PROCESSES = 24
MAX_PROCESSES = 4


def to_svg(specification: dict[str, Any]) -> str:
    """Return a chart as SVG."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(specification)
    return drawn


class Renderer:
    """Draws charts ahead of when they are asked for. ``later`` hands one over, ``now`` waits for it."""

    def __init__(self, executor: Executor | None) -> None:
        self._executor = executor
        self._drawing: dict[str, Future[str]] = {}

    def later(self, name: str, specification: dict[str, Any]) -> None:
        """Begin to draw a chart, where there is someone to do it meanwhile."""
        if self._executor is not None:
            self._drawing[name] = self._executor.submit(to_svg, specification)

    def now(self, name: str, specification: dict[str, Any]) -> str:
        """Return the chart called ``name`` as SVG."""
        drawing = self._drawing.get(name)
        return drawing.result() if drawing is not None else to_svg(specification)


@contextmanager
def rendering(charts: int) -> Iterator[Renderer]:
    """Open a renderer for about ``charts`` charts: with processes where that pays, and the machine has the cores."""
    processes = min(MAX_PROCESSES, os.cpu_count() or 1)
    if charts < WORTH_PROCESSES or processes < 2:
        yield Renderer(None)
        return
    # Spawned, not forked: V8 runs threads, and a fork of them hangs.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as executor:
        yield Renderer(executor)
