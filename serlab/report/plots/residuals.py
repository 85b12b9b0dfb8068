"""What the fit leaves over: measured ÷ fitted end-to-end time, a row per payload × codec."""

from __future__ import annotations

import altair as alt
import numpy as np

from serlab.analysis.correlate import shows_relation
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.correlation import fitted, points_of, scope_title
from serlab.report.source import Source


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel per transport whose fit shows a relation."""
    scopes = [fit.scope for fit in source.correlations.fits if shows_relation(fit) and fit.scope != "all"]
    drawn = (_panel(source, scope) for scope in scopes)
    return tuple(panel for panel in drawn if panel)


def residuals(source: Source, scope: str) -> list[tuple[str, str, float]]:
    """Return (payload, codec, measured ÷ fitted) of a scope; those without a positive fitted time are left out."""
    points = points_of(source, scope)
    fit = next(fit for fit in source.correlations.fits if fit.scope == scope)
    expected = fitted(fit, np.asarray([point.isolated_s.median for point in points]))
    return [
        (point.payload, point.codec, point.end_to_end_s.median / float(time))
        for point, time in zip(points, expected, strict=True)
        if time > 0
    ]


def _panel(source: Source, scope: str) -> Panel | None:
    found = residuals(source, scope)
    if not found:
        return None
    rows = [
        {
            "row": f"{payload} · {source.label(payload, codec)}", "times": times, "one": 1,
            "tip": theme.tip(f"{payload} {codec}: {units.ratio(times)} the fitted time"),
        }
        for payload, codec, times in found
    ]  # fmt: skip
    order = [str(row["row"]) for row in rows]
    low, high = min(0.5, *(found[2] for found in found)), max(2.0, *(found[2] for found in found))
    scale = theme.log_scale(low, high)
    ticks = theme.log_ticks(low, high)
    axis = alt.Axis(title="measured ÷ fitted", values=ticks, labelExpr=theme.TIMES_LABEL)
    x = alt.X("times:Q", scale=scale, axis=axis)
    y = alt.Y("row:N", sort=order, title=None, scale=alt.Scale(domain=order))
    base = alt.Chart(theme.data(rows))
    chart = alt.layer(
        alt.Chart(theme.data([{"times": 1}])).mark_rule(color=theme.MUTED, strokeDash=list(theme.DOTTED)).encode(x=x),
        base.mark_rule(color=theme.GREY, strokeWidth=2).encode(x=x, x2="one:Q", y=y),
        base.mark_point(filled=True, color=theme.BLUE, size=58, opacity=1).encode(x=x, y=y, description="tip:N"),
    )
    return Panel(
        f"residuals-{scope}",
        f"{scope_title(scope)}: off the line",
        f"Measured ÷ fitted end-to-end time over {scope_title(scope)}, a row per payload and codec.",
        theme.panel(chart, height=theme.rows_height(len(order))),
    )
