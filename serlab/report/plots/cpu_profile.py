"""Where a codec's CPU time goes: Python, native code, system; from scalene."""

from __future__ import annotations

from serlab.analysis.cpu import time_shares
from serlab.analysis.stats import grouped
from serlab.records.profiles import CpuProfile, CpuReport
from serlab.records.run import Case, Op
from serlab.report import flames, units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.forms import Bar, Series, stacked_bars
from serlab.report.plots.memory import row_label
from serlab.report.source import Source

SERIES = {"Python": Series(theme.ORANGE), "native code": Series(theme.BLUE), "system": Series(theme.GREY)}


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel for encode and one for decode per payload that was profiled."""
    report = source.part("cpu", CpuReport)
    if report is None:
        return ()
    groups = grouped(report.profiles, lambda profile: (profile.case.payload, profile.case.op))
    drawn = (_panel(source, payload, op, profiles) for (payload, op), profiles in groups.items())
    return tuple(panel for panel in drawn if panel)


def _panel(source: Source, payload: str, op: Op, profiles: list[CpuProfile]) -> Panel | None:
    bars, links = [], {}
    order = []
    for profile in profiles:
        shares = time_shares(profile)
        if shares is None:
            continue
        row = row_label(source, profile.case)
        order.append(row)
        page = _page(source, profile)
        for series, share in zip(SERIES, (shares.python, shares.native, shares.system), strict=True):
            tip = f"{op} {row}: {series} {units.percent(share)}"
            bars.append(Bar(row, series, share, tip))
            if page:
                links[tip] = page
    if not bars:
        return None
    chart = stacked_bars(
        bars, SERIES, order, title="share of sampled time", label="format(datum.value, '.0%')", whole=1
    )
    return Panel(
        f"cpu-{op}-{payload}",
        f"{payload}: {op}",
        f"Share of Python, native and system time in {op} of {payload}, a bar per codec.",
        theme.panel(chart, height=theme.rows_height(len(order))),
        links,
    )


def page_of(source: Source, case: Case) -> str:
    """Return a link to a case's CPU profile: scalene's page, or the flamegraph that the report draws; "" without."""
    report = source.part("cpu", CpuReport)
    profile = next((one for one in report.profiles if one.case == case), None) if report else None
    return _page(source, profile) if profile else ""


def _page(source: Source, profile: CpuProfile) -> str:
    return source.evidence(profile.page) or flames.of_case(source, profile.case)
