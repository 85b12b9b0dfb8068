"""Resident memory of server and client while each codec's calls run, over time."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from serlab.records.profiles import MemoryTrack, MemoryTracks
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.lines import Line, chart
from serlab.report.source import Source

HEIGHT = 200
#: More points than this per line cannot be told apart at a panel's width.
MAX_POINTS = 120
_MIB = 2**20


def panels(source: Source) -> tuple[Panel, ...]:
    """Return two panels per payload, server and client; none where end-to-end memory was not taken."""
    report = source.part("endtoend-memory", MemoryTracks)
    if report is None:
        return ()
    found: list[Panel] = []
    for payload in dict.fromkeys(track.payload for track in report.tracks):
        tracks = [track for track in report.tracks if track.payload == payload and track.at_s]
        for side in ("server", "client"):
            panel = _panel(source, payload, side, tracks)
            if panel:
                found.append(panel)
    return tuple(found)


def thinned(at_s: Sequence[float], sizes: Sequence[int]) -> list[tuple[float, int]]:
    """Return at most ``MAX_POINTS`` of a track's points; of those that fall together the highest stays."""
    step = max(1, -(-len(at_s) // MAX_POINTS))
    chunks = (range(start, min(start + step, len(at_s))) for start in range(0, len(at_s), step))
    return [max(((at_s[i], sizes[i]) for i in chunk), key=lambda point: point[1]) for chunk in chunks]


def _panel(source: Source, payload: str, side: str, tracks: Sequence[MemoryTrack]) -> Panel | None:
    lines = []
    for track in tracks:
        sizes = track.client_bytes if side == "client" else track.server_bytes
        known = [(at, size) for at, size in zip(track.at_s, sizes, strict=False) if size is not None]
        if known:
            points = thinned([at for at, _ in known], [size for _, size in known])
            lines.append(
                Line(
                    track.codec,
                    source.label(track.payload, track.codec),
                    tuple((at, size / _MIB, "") for at, size in points),
                )
            )
    if not lines:
        return None
    y = alt.Y("y:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title="resident memory, MiB", tickCount=5))
    x = alt.X("x:Q", axis=alt.Axis(title="seconds since the client's first call", tickCount=6))
    return Panel(
        f"resident-{side}-{payload}",
        f"{payload}: {side}",
        f"Resident memory of the {side} while calls with {payload} run, a line per codec.",
        theme.panel(chart(lines, x, y, marks=False), height=HEIGHT),
    )
