"""The answer at a glance: per payload the time with json, and with the best codec over each transport."""

from __future__ import annotations

from serlab.analysis.answer import baseline
from serlab.analysis.correlate import BASELINE
from serlab.analysis.stats import interval
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.forms import Dot, Series, log_dots
from serlab.report.source import Source

SERIES = {
    BASELINE: Series(theme.VERMILLION, "square"),
    "best over REST": Series(theme.GREEN),
    "best over gRPC": Series(theme.BLUE, "diamond"),
}


def panels(source: Source) -> tuple[Panel, ...]:
    """Return the one panel, or none where no codec was measured whole."""
    dots = []
    for payload in source.payloads:
        base = baseline(source.view, payload.name)
        if base:
            time = interval(list(base.by_round.values()))
            dots.append(Dot(payload.name, BASELINE, time, f"{payload.name} {BASELINE}: {units.seconds(time.median)}"))
    for choice in source.choices:
        series = "best over REST" if choice.transport == "rest" else "best over gRPC"
        label = source.label(choice.payload, choice.codec)
        dots.append(
            Dot(choice.payload, series, choice.time_s,
                f"{choice.payload} {label}: {units.seconds(choice.time_s.median)}")
        )  # fmt: skip
    if not dots:
        return ()
    rows = [payload.name for payload in source.payloads if any(dot.row == payload.name for dot in dots)]
    whole = source.choices[0].basis if source.choices else "end to end"
    title = "time per call, end to end" if whole == "end to end" else "encode + decode, in isolation"
    chart = log_dots(dots, SERIES, rows, title=title)
    return (
        Panel(
            "answer",
            "json against the best of each transport",
            "Per payload: time with json, with the best codec over REST, and over gRPC. "
            + "; ".join(dot.tip for dot in dots),
            theme.panel(chart, height=max(44, 30 * len(rows))),
        ),
    )
