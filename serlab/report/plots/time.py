"""Time per codec: encode and decode in isolation, one panel per payload."""

from __future__ import annotations

from serlab.analysis.view import FLOOR
from serlab.records.run import Case, Interval, PayloadInfo
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import cpu_profile, theme
from serlab.report.plots.forms import Dot, Series, log_dots
from serlab.report.source import Source

SERIES = {
    "encode": Series(theme.BLUE),
    "decode": Series(theme.ORANGE, "diamond"),
    "decode, content form": Series(theme.GREEN, "square"),
}


def series_of(case: Case) -> str:
    """Return the series that a case is drawn in."""
    return "decode, content form" if case.form == "content" else case.op


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel per payload that was timed."""
    drawn = (_panel(source, payload) for payload in source.payloads)
    return tuple(panel for panel in drawn if panel)


def _panel(source: Source, payload: PayloadInfo) -> Panel | None:
    times = {case: time for case, time in source.times.items() if case.payload == payload.name}
    if not times:
        return None
    order, notes = [], {}
    for codec in source.data.info.codecs:
        label = source.label(payload.name, codec)
        exactness = source.view.exactness(payload.name, codec)
        if codec != FLOOR and (any(case.codec == codec for case in times) or exactness):
            order.append(label)
            if exactness and exactness.failure:
                notes[label] = "cannot carry this payload"
    dots = [
        Dot(source.label(payload.name, case.codec), series_of(case), time, tip(case, time))
        for case, time in times.items()
        if case.codec != FLOOR
    ]
    floors = [(series_of(case), time.median) for case, time in times.items() if case.codec == FLOOR]
    if not dots:
        return None
    chart = log_dots(dots, SERIES, order, title="time per call", marks=floors, notes=notes)
    fastest = min(dots, key=lambda dot: dot.at.median)
    slowest = max(dots, key=lambda dot: dot.at.median)
    return Panel(
        f"time-{payload.name}",
        f"{payload.name}: {source.describe(payload)}, {units.size(payload.raw_bytes)}",
        f"Time to encode and decode {payload.name} per codec, logarithmic. Fastest: {fastest.tip}. "
        f"Slowest: {slowest.tip}.",
        theme.panel(chart, height=theme.rows_height(len(order))),
        {tip(case, time): page for case, time in times.items() if (page := cpu_profile.page_of(source, case))},
    )


def tip(case: Case, time: Interval) -> str:
    """Return what a dot says: ``encode orjson: 7.21 ms [6.50 ms, 9.80 ms]``."""
    form = f" ({case.form})" if case.form else ""
    return f"{case.op} {case.codec}{form}: {units.seconds(time.median)} {units.bounds(time, units.seconds)}"
