"""A load run on the terminal: a table per payload, the knees, and what to know before believing the figures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table

from serlab.analysis.load.histogram import SAMPLE_FLOOR
from serlab.analysis.load.view import LoadView
from serlab.records.load import Knee, LoadSummary
from serlab.records.run import Interval, RunInfo
from serlab.report import units
from serlab.report.origin import origin_lines
from serlab.report.tables.console import plain_table


def print_load(view: LoadView, info: RunInfo, console: Console) -> None:
    """Print everything that a load run found."""
    console.print(*origin_lines(view.report.instance, info), sep="\n")
    for payload, entries in groupby(view.summaries, key=lambda entry: entry.spec.payload):
        console.print(_table(payload, list(entries)))
    for line in (*map(_knee, view.knees), *view.remarks):
        console.print(line)


def rate(value: Interval) -> str:
    """Return calls per second with their interval: ``1,302 [1,250, 1,333]``."""
    if value.runs < 2:
        return f"{_calls(value.median)} (1 round)"
    return f"{_calls(value.median)} {units.bounds(value, _calls)}"


def late(entry: LoadSummary) -> str:
    """Return how many calls of an open loop left late or not at all; a closed loop has no time to miss."""
    if entry.spec.loop == "closed":
        return units.NOT_MEASURED
    share = f" ({entry.late / entry.attempts:.1%})" if entry.late else ""
    return f"{entry.late:,}{share}" + (f", {entry.unsent:,} unsent" if entry.unsent else "")


def _table(payload: str, entries: Sequence[LoadSummary]) -> Table:
    columns = (
        "codec", "load", "calls/s [95 %]", "p50", "p90", "p99", "p99.9", "max", "errors", "late", "client CPU",
        "server CPU", "wire", "generator", "stable",
    )  # fmt: skip
    table = plain_table(payload, columns, left=2)
    for entry in entries:
        spec = entry.spec
        pace = f"{spec.concurrency} in flight" if spec.loop == "closed" else f"{spec.rate_per_s:g}/s, {spec.arrivals}"
        if spec.sockets < spec.concurrency:
            pace += f", {spec.sockets} connections"
        failed = sum(entry.errors.values())
        table.add_row(
            f"{spec.codec} ({entry.transport})" + (", ready" if spec.pre_encoded else ""),
            pace,
            rate(entry.throughput_per_s),
            units.seconds(entry.p50_s),
            _tail(entry, entry.p90_s, 0.9),
            _tail(entry, entry.p99_s, 0.99),
            _tail(entry, entry.p999_s, 0.999),
            units.seconds(entry.max_s),
            f"{failed:,} ({failed / entry.attempts:.1%})" if failed else "0",
            late(entry),
            units.seconds(entry.client_cpu_s),
            units.seconds(entry.server_cpu_s),
            f"{units.size(entry.wire_bytes_per_s)}/s",
            f"{spec.generator}, {entry.busiest_cpu:.0%} CPU",
            "yes" if entry.stable else "no",
        )
    return table


def _tail(entry: LoadSummary, value: float | None, fraction: float) -> str:
    if value is not None:
        return units.seconds(value)
    return f"needs {SAMPLE_FLOOR[fraction]:,}" if entry.calls else units.NOT_MEASURED


def _knee(knee: Knee) -> str:
    ready = ", ready bodies" if knee.pre_encoded else ""
    return (
        f"{knee.payload} {knee.codec}{ready}: knee at {knee.concurrency} in flight ({_calls(knee.throughput_per_s)} "
        f"calls/s, {units.seconds(knee.latency_s)} on average); most at {knee.peak_concurrency} "
        f"({_calls(knee.peak_per_s)} calls/s)"
    )


def _calls(value: float) -> str:
    return units.per_second(value)
