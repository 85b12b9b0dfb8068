"""Isolated against end-to-end time: a point per payload × codec, the fitted line with its interval, and equality."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import altair as alt
import numpy as np

from serlab.analysis.correlate import shows_relation
from serlab.records.correlation import Correlation, CorrelationPoint
from serlab.report import sentences, units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.source import Source

HEIGHT = 250
_LINE_POINTS = 60


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel per transport, and one over all where there are several."""
    found = source.correlations
    scopes = list(dict.fromkeys(fit.scope for fit in found.fits))
    if len(scopes) == 2:  # one transport: "all" would say the same again
        scopes = [scope for scope in scopes if scope != "all"]
    return tuple(_panel(source, scope) for scope in scopes)


def points_of(source: Source, scope: str) -> list[CorrelationPoint]:
    """Return the points within a scope."""
    return [point for point in source.correlations.points if scope in ("all", point.transport)]


def scope_title(scope: str) -> str:
    """Return a scope as a heading."""
    return {"rest": "REST", "grpc": "gRPC", "all": "both transports"}.get(scope, scope)


def fitted(fit: Correlation, at: np.ndarray) -> np.ndarray:
    """Return the end-to-end time that the fit gives to isolated times ``at``, in seconds; all NaN without a fit."""
    if fit.slope is None or fit.intercept_s is None:
        return np.full_like(at, np.nan)
    return fit.intercept_s + fit.slope.median * at


def _panel(source: Source, scope: str) -> Panel:
    points = points_of(source, scope)
    fit = next(fit for fit in source.correlations.fits if fit.scope == scope)
    lows = [min(point.isolated_s.low, point.end_to_end_s.low) for point in points]
    isolated = [point.isolated_s.median for point in points]
    whole = [point.end_to_end_s.median for point in points]
    x_scale = theme.log_scale(min(point.isolated_s.low for point in points), max(p.isolated_s.high for p in points))
    y_scale = theme.log_scale(min(lows), max(point.end_to_end_s.high for point in points))
    x = alt.X("x:Q", scale=x_scale, axis=theme.time_axis("encode + decode, isolated", min(lows), max(whole)))
    y = alt.Y("y:Q", scale=y_scale, axis=theme.time_axis("end to end, p50", min(lows), max(whole)))
    layers: list[alt.Chart] = [
        *_fit_layers(fit, points, x, y),
        _equality(isolated, x, y),
        *_point_layers(source, points),
    ]
    spread = sentences.relation(fit)
    return Panel(
        f"correlation-{scope}",
        f"{scope_title(scope)}: {len(points)} points",
        f"End-to-end time against isolated encode + decode time over {scope_title(scope)}, both logarithmic; {spread}.",
        theme.panel(alt.layer(*layers), height=HEIGHT),
    )


def _fit_layers(fit: Correlation, points: Sequence[CorrelationPoint], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    if fit.slope is None or not shows_relation(fit):
        return []
    isolated = [point.isolated_s.median for point in points]
    whole = [point.end_to_end_s.median for point in points]
    at = np.geomspace(min(isolated), max(isolated), _LINE_POINTS)
    middle_x, middle_y = median(isolated), median(whole)
    # Theil–Sen's bounds are of the slope; its line passes through the medians whatever the slope.
    edges = [middle_y + slope * (at - middle_x) for slope in (fit.slope.low, fit.slope.high)]
    low, high = np.minimum(*edges), np.maximum(*edges)
    least = min(point.end_to_end_s.low for point in points) / 1.5
    band = alt.Chart(
        theme.data(
            [
                {"x": float(a), "y": float(max(lo, least)), "y2": float(max(hi, least))}
                for a, lo, hi in zip(at, low, high, strict=True)
            ]
        )
    )
    line = alt.Chart(
        theme.data(
            [
                {"x": float(a), "y": float(b)}
                for a, b in zip(at, fitted(fit, at), strict=True)
                if b > least
            ]
        )
    )  # fmt: skip
    return [
        band.mark_area(color=theme.GREY, opacity=0.2, clip=True).encode(x=x, y=y, y2="y2:Q"),
        line.mark_line(color=theme.INK, strokeWidth=1.5, clip=True).encode(x=x, y=y),
    ]


def _equality(isolated: Sequence[float], x: alt.X, y: alt.Y) -> alt.Chart:
    ends = [{"x": end, "y": end} for end in (min(isolated), max(isolated))]
    line: alt.Chart = (
        alt.Chart(theme.data(ends))
        .mark_line(color=theme.MUTED, strokeDash=list(theme.DOTTED), strokeWidth=1.5, clip=True)
        .encode(x=x, y=y)
    )
    return line


def _point_layers(source: Source, points: Sequence[CorrelationPoint]) -> list[alt.Chart]:
    codecs = list(dict.fromkeys(point.codec for point in points))
    found = theme.styles(codecs)
    labels = {
        codec: source.label_over([point.payload for point in points if point.codec == codec], codec) for codec in codecs
    }
    rows = [
        {
            "codec": labels[point.codec],
            "x": point.isolated_s.median, "x1": point.isolated_s.low, "x2": point.isolated_s.high,
            "y": point.end_to_end_s.median, "y1": point.end_to_end_s.low, "y2": point.end_to_end_s.high,
            "tip": theme.tip(
                f"{point.payload} {labels[point.codec]}: isolated {units.seconds(point.isolated_s.median)}, end to end "
                f"{units.seconds(point.end_to_end_s.median)}"
            ),
        }
        for point in points
    ]  # fmt: skip
    base = alt.Chart(theme.data(rows))
    domain = [labels[codec] for codec in codecs]
    legend = theme.legend(domain)
    colours = alt.Scale(domain=domain, range=[found[codec].colour for codec in codecs])
    shapes = alt.Scale(domain=domain, range=[found[codec].shape for codec in codecs])
    colour = alt.Color("codec:N", scale=colours, legend=legend)
    shape = alt.Shape("codec:N", scale=shapes, legend=legend)
    return [
        base.mark_rule().encode(x="x1:Q", x2="x2:Q", y="y:Q", color=colour),
        base.mark_rule().encode(x="x:Q", y="y1:Q", y2="y2:Q", color=colour),
        base.mark_point(filled=True, size=60, opacity=1).encode(
            x="x:Q", y="y:Q", color=colour, shape=shape, description="tip:N"
        ),
    ]
