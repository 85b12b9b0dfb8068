"""Load per codec: throughput over the calls in flight, and latency over throughput."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import altair as alt

from serlab.analysis.stats import grouped
from serlab.records.load import LoadSummary
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.lines import Line, chart

HEIGHT = 230
#: Calls in flight that are labelled: what sweeps usually take.
_TICKS = [1, 2, 4, 8, 16, 32, 64, 128, 256]

Point = tuple[float, float, str]


def panels(summaries: Sequence[LoadSummary]) -> tuple[Panel, ...]:
    """Return two panels per payload and kind of body, from the closed loops of at least two concurrencies."""
    closed = [entry for entry in summaries if entry.spec.loop == "closed" and entry.calls]
    sweeps = grouped(closed, lambda entry: (entry.spec.payload, entry.spec.pre_encoded))
    drawn = []
    for (payload, ready), entries in sweeps.items():
        if len({entry.spec.concurrency for entry in entries}) > 1:
            drawn += _pair(payload, ready, entries)
    return tuple(drawn)


def _pair(payload: str, ready: bool, entries: Sequence[LoadSummary]) -> list[Panel]:
    what = f"{payload}, ready bodies" if ready else payload
    kind = "load-ready" if ready else "load"
    throughput, latency = _lines(entries, _over_concurrency), _lines(entries, _over_throughput)
    in_flight = [entry.spec.concurrency for entry in entries]
    ticks = [tick for tick in _TICKS if min(in_flight) <= tick <= max(in_flight)]
    rates = [point[0] for line in latency for point in line.points]
    times = [point[1] for line in latency for point in line.points]
    return [
        Panel(
            f"{kind}-throughput-{payload}",
            f"{what}: throughput",
            f"Calls per second of {what} against the calls in flight, a line per codec.",
            theme.panel(
                chart(
                    throughput,
                    alt.X(
                        "x:Q",
                        scale=theme.log_scale(min(in_flight), max(in_flight)),
                        axis=alt.Axis(title="calls in flight", values=ticks),
                    ),
                    alt.Y("y:Q", scale=alt.Scale(zero=True, nice=True), axis=alt.Axis(title="calls per second")),
                ),
                height=HEIGHT,
            ),
        ),
        Panel(
            f"{kind}-latency-{payload}",
            f"{what}: latency",
            f"Median latency of {what} against calls per second, a line per codec from few to many calls in flight.",
            theme.panel(
                chart(
                    latency,
                    alt.X(
                        "x:Q", scale=alt.Scale(domain=[0, 1.05 * max(rates)]), axis=alt.Axis(title="calls per second")
                    ),
                    alt.Y(
                        "y:Q",
                        scale=theme.log_scale(min(times), max(times)),
                        axis=theme.time_axis("latency, p50", min(times), max(times)),
                    ),
                ),
                height=HEIGHT,
            ),
        ),
    ]


def _lines(entries: Sequence[LoadSummary], point: Callable[[LoadSummary], Point]) -> list[Line]:
    by_codec = grouped(sorted(entries, key=lambda one: one.spec.concurrency), lambda one: one.spec.codec)
    return [Line(codec, codec, tuple(point(entry) for entry in ordered)) for codec, ordered in by_codec.items()]


def _over_concurrency(entry: LoadSummary) -> Point:
    return entry.spec.concurrency, entry.throughput_per_s.median, _said(entry)


def _over_throughput(entry: LoadSummary) -> Point:
    return entry.throughput_per_s.median, entry.p50_s or entry.mean_s or 0.0, _said(entry)


def _said(entry: LoadSummary) -> str:
    return (
        f"{entry.spec.codec}, {entry.spec.concurrency} in flight: {entry.throughput_per_s.median:,.0f} calls/s, "
        f"p50 {units.seconds(entry.p50_s)}"
    )
