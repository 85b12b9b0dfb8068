"""A load run on the terminal: its steps, the knees, and what to know before believing the figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from serlab.analysis.load.histogram import SAMPLE_FLOOR
from serlab.analysis.load.summary import LoadView
from serlab.analysis.words import counted
from serlab.records.load import Knee, LoadSummary
from serlab.records.run import Interval, RunInfo
from serlab.records.run_data import payload_label
from serlab.report import sentences, units
from serlab.report.blocks import Cell, Table, columns
from serlab.report.origin import origin_lines
from serlab.report.tables.console import shown


def print_load(view: LoadView, info: RunInfo, console: Console) -> None:
    """Print everything that a load run found."""
    console.print(*origin_lines(view.report.instance, info), shown(steps_table(view.summaries)), sep="\n")
    for line in (*map(_knee, view.knees), *view.remarks):
        console.print(line)


def rate(value: Interval) -> str:
    """Return calls per second with their interval: ``1,302 [1,250, 1,333]``."""
    if value.runs < 2:
        return f"{_calls(value.median)} (1 round)"
    return f"{_calls(value.median)} {units.bounds(value, _calls)}"


def _share(count: int, entry: LoadSummary) -> str:
    """Return the share of all attempts in brackets; nothing of none, nor of records that count no attempts."""
    return f" ({count / entry.attempts:.1%})" if count and entry.attempts else ""


def late(entry: LoadSummary) -> str:
    """Return how many calls of an open loop left late or not at all; a closed loop has no time to miss."""
    if entry.spec.loop == "closed":
        return units.NOT_MEASURED
    return f"{entry.late:,}{_share(entry.late, entry)}" + (f", {entry.unsent:,} unsent" if entry.unsent else "")


def steps_table(summaries: Sequence[LoadSummary], label: Callable[[str, str], str] | None = None) -> Table:
    """Return a row per step, all its rounds together; ``label`` says how a codec of a payload is called."""
    rows = []
    for entry in summaries:
        spec, failed = entry.spec, sum(entry.errors.values())
        codec = label(spec.payload, spec.codec) if label else spec.codec
        pace = f"{spec.concurrency} in flight" if spec.loop == "closed" else f"{spec.rate_per_s:g}/s, {spec.arrivals}"
        if spec.sockets < spec.concurrency:
            pace += f", {counted(spec.sockets, 'connection')}"
        tails = [
            Cell(units.seconds(value), value)
            if value is not None
            else Cell(f"needs {SAMPLE_FLOOR[at]:,} calls" if entry.calls else "–", tone="muted")
            for value, at in ((entry.p50_s, 0.5), (entry.p90_s, 0.9), (entry.p99_s, 0.99), (entry.p999_s, 0.999))
        ]
        told = f"{failed:,}{_share(failed, entry)}"
        rows.append(
            (
                Cell(payload_label(spec.payload)),
                Cell(codec + (", ready" if spec.pre_encoded else "")),
                Cell(sentences.transport(entry.transport)),
                Cell(pace, spec.rate_per_s or spec.concurrency),
                Cell(rate(entry.throughput_per_s), entry.throughput_per_s.median),
                *tails,
                Cell(units.seconds(entry.max_s), entry.max_s),
                Cell(told, failed, tone="bad" if failed else "plain"),
                Cell(late(entry), entry.late),
                Cell(units.seconds(entry.client_cpu_s), entry.client_cpu_s),
                Cell(units.seconds(entry.server_cpu_s), entry.server_cpu_s),
                Cell(f"{units.size(entry.wire_bytes_per_s)}/s", entry.wire_bytes_per_s),
                Cell(f"{spec.generator}, {entry.busiest_cpu:.0%} CPU", entry.busiest_cpu),
                Cell("yes" if entry.stable else "no", tone="plain" if entry.stable else "warn"),
            )
        )
    titles = ("payload", "codec", "over", "load", "calls/s", "p50", "p90", "p99", "p99.9", "max", "errors", "late",
              "client CPU per call", "server CPU per call", "bodies on the wire", "generator", "stable")  # fmt: skip
    return Table("load-table", "Steps of load, all rounds together", columns(*titles, text=4), tuple(rows))


def _knee(knee: Knee) -> str:
    ready = ", ready bodies" if knee.pre_encoded else ""
    subject = f"{payload_label(knee.payload)} {knee.codec}{ready}"
    return (
        f"{subject}: knee at {knee.concurrency} in flight ({_calls(knee.throughput_per_s)} "
        f"calls/s, {units.seconds(knee.latency_s)} on average); most at {knee.peak_concurrency} "
        f"({_calls(knee.peak_per_s)} calls/s)"
    )


def _calls(value: float) -> str:
    return units.per_second(value)
