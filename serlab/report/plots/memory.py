"""Memory: the peak that one call adds ÷ the tensor's size, split by who allocated it; bars lead to flamegraphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serlab.records.run import OPS, Case, MemoryProfile, Op, PayloadInfo
from serlab.report import flames, units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.forms import Bar, Series, stacked_bars
from serlab.report.source import Source

SERIES = {
    "large blocks": Series(theme.BLUE),
    "small Python objects": Series(theme.ORANGE),
}


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel for encode and one for decode per payload that was profiled, both on one scale."""
    return tuple(panel for payload in source.payloads for panel in _panels(source, payload))


def _panels(source: Source, payload: PayloadInfo) -> Iterator[Panel]:
    found = [profile for profile in source.data.memory if profile.case.payload == payload.name and profile.raw_bytes]
    whole = max((profile.peak_bytes / profile.raw_bytes for profile in found), default=0.0) * 1.02
    for op in OPS:
        profiles = [profile for profile in found if profile.case.op == op]
        if profiles:
            yield _panel(source, payload, op, profiles, whole)


def _panel(
    source: Source, payload: PayloadInfo, op: Op, profiles: Sequence[MemoryProfile], whole: float
) -> Panel:  # fmt: skip
    order = [row_label(source, profile.case) for profile in profiles]
    bars, links = [], {}
    for profile in profiles:
        label = row_label(source, profile.case)
        small = min(profile.pymalloc_peak_bytes, profile.peak_bytes)
        for series, size in zip(SERIES, (profile.peak_bytes - small, small), strict=True):
            times = units.ratio(profile.peak_bytes / profile.raw_bytes)
            tip = f"{label}: {units.size(size)} of {units.size(profile.peak_bytes)} ({times}) in {series}"
            bars.append(Bar(label, series, size / profile.raw_bytes, tip))
            if page := page_of(source, profile):
                links[tip] = page
    worst = max(profiles, key=lambda profile: profile.peak_bytes)
    chart = stacked_bars(bars, SERIES, order, title="peak ÷ tensor", label=theme.TIMES_LABEL, whole=whole)
    return Panel(
        f"memory-{op}-{payload.name}",
        f"{payload.name}: {op}",
        f"Peak memory that one {op} adds ÷ size of {payload.name}, a bar per codec. Highest: {worst.case.codec}, "
        f"{units.size(worst.peak_bytes)}.",
        theme.panel(chart, height=theme.rows_height(len(order))),
        links,
    )


def page_of(source: Source, profile: MemoryProfile) -> str:
    """Return a link to a profile's flamegraph: memray's own, or the one that the report draws; "" without either."""
    return source.evidence(profile.flamegraph) or (flames.of_case(source, profile.case) if profile.stacks else "")


def row_label(source: Source, case: Case) -> str:
    """Return the row of a case among those of one payload and op: ``tensor-proto, content``."""
    form = f", {case.form}" if case.form else ""
    return f"{source.label(case.payload, case.codec)}{form}"
