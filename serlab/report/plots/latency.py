"""Distribution of latency: the share of calls that were over by a time, a step line per codec (ECDF)."""

from __future__ import annotations

import altair as alt
import numpy as np

from serlab.records.run import PayloadInfo
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.lines import Line, chart
from serlab.report.source import Source

#: More points than this per line cannot be told apart at a panel's width.
MAX_POINTS = 80
HEIGHT = 230


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel per payload that was called."""
    drawn = (_panel(source, payload) for payload in source.payloads)
    return tuple(panel for panel in drawn if panel)


def steps(seconds: list[float]) -> list[tuple[float, float]]:
    """Return (seconds, share of calls over by then), from 0 to 1, thinned to ``MAX_POINTS``."""
    ordered = np.sort(np.asarray(seconds))
    shares = np.arange(1, len(ordered) + 1) / len(ordered)
    kept = np.unique(np.linspace(0, len(ordered) - 1, min(len(ordered), MAX_POINTS)).round().astype(int))
    return [(float(ordered[0]), 0.0), *((float(ordered[i]), float(shares[i])) for i in kept)]


def _panel(source: Source, payload: PayloadInfo) -> Panel | None:
    lines, worst = [], []
    for (name, codec), clients in source.view.clients.items():
        calls = [call.total_s for run in clients for call in run.calls if call.total_s > 0]
        if name == payload.name and calls:
            lines.append(
                Line(codec, source.label(name, codec), tuple((time, share, "") for time, share in steps(calls)))
            )
            worst.append((max(calls), codec))
    if not lines:
        return None
    times = [point[0] for line in lines for point in line.points]
    low, high = min(times), max(times)
    x = alt.X("x:Q", scale=theme.log_scale(low, high), axis=theme.time_axis("a call was over by", low, high))
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(title="share of calls", format=".0%", values=[0, 0.25, 0.5, 0.75, 0.9, 1]),
    )
    slowest, codec = max(worst)
    return Panel(
        f"latency-{payload.name}",
        f"{payload.name}: {source.describe(payload)}",
        f"Share of calls with {payload.name} that were over by a time, a line per codec. The slowest call took "
        f"{units.seconds(slowest)}, with {codec}.",
        theme.panel(chart(lines, x, y, marks=False, steps=True), height=HEIGHT),
    )
