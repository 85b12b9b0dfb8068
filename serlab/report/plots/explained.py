"""How much of a call isolated encode + decode explain, and how much they do not; a panel per payload."""

from __future__ import annotations

import altair as alt

from serlab.records.run import PayloadInfo
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.source import Source


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel per payload that was measured both ways."""
    drawn = (_panel(source, payload) for payload in source.payloads)
    return tuple(panel for panel in drawn if panel)


def _panel(source: Source, payload: PayloadInfo) -> Panel | None:
    points = [point for point in source.correlations.points if point.payload == payload.name]
    if not points:
        return None
    rows = [
        {
            "row": source.label(point.payload, point.codec), "share": point.share.median, "low": point.share.low,
            "high": point.share.high, "whole": 1,
            "tip": theme.tip(
                f"{point.codec}: {units.percent(point.share.median)} of the call "
                f"{units.bounds(point.share, units.percent)}"
            ),
        }
        for point in points
    ]  # fmt: skip
    order = [str(row["row"]) for row in rows]
    most = max(1.0, *(point.share.high for point in points))
    x = alt.X(
        "share:Q",
        scale=alt.Scale(domain=[0, most], nice=False),
        axis=alt.Axis(title="explained by encode + decode in isolation", format=".0%", tickCount=5),
    )
    y = alt.Y("row:N", sort=order, title=None, scale=alt.Scale(domain=order))
    base = alt.Chart(theme.data(rows))
    chart = alt.layer(
        base.mark_bar(color=theme.GRID, height={"band": 0.68}).encode(x=alt.X("whole:Q"), y=y),
        base.mark_bar(color=theme.BLUE, height={"band": 0.68}).encode(x=x, y=y, description="tip:N"),
        base.mark_rule(color=theme.INK, strokeWidth=2).encode(x="low:Q", x2="high:Q", y=y),
    )
    return Panel(
        f"explained-{payload.name}",
        f"{payload.name}: {source.describe(payload)}",
        f"Share of the end-to-end time of {payload.name} that isolated encode + decode explain, a bar per codec; the "
        "rest of each bar is not explained.",
        theme.panel(chart, height=theme.rows_height(len(order))),
    )
