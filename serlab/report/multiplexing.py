"""Calls that share a connection, on the terminal."""

from __future__ import annotations

from rich.console import Console

from serlab.analysis.load import summarize
from serlab.analysis.multiplexing import summarize_sharing
from serlab.record import Interval, RunInfo
from serlab.record_multiplexing import MultiplexingReport, SharingSummary
from serlab.report import units
from serlab.report.load import rate
from serlab.report.origin import plain_table, print_origin


def print_multiplexing(report: MultiplexingReport, info: RunInfo, console: Console) -> None:
    """Print the bursts, what small calls wait behind a large one, and the frames in flight."""
    print_origin(report.instance, info, console)
    behind = f"median small call behind {report.large_payload}" if report.large_payload else "behind a large call"
    columns = (
        "codec", "connections", "total ÷ slowest call [95 %]", "total", "calls/s [95 %]", behind, "of it held back",
    )  # fmt: skip
    table = plain_table(f"{report.calls} calls of {report.payload} at once", columns, left=2)
    for entry in summarize_sharing(report):
        table.add_row(
            f"{entry.codec} ({entry.transport})",
            _connections(entry),
            units.ratio_interval(entry.overlap),
            units.seconds_interval(entry.total_s),
            rate(entry.calls_per_s),
            units.seconds_interval(entry.small_behind_large_s),
            _difference(entry.held_back_s),
        )
    console.print(table)
    console.print(
        "total ÷ slowest call: 1 when all are in flight together, the number of calls when one waits for the other"
    )
    for entry in summarize_sharing(report):
        for error, count in entry.errors.items():
            console.print(f"{entry.codec} over {entry.connections}: {count} calls failed: {error}")
    _print_frames(report, console)


def _print_frames(report: MultiplexingReport, console: Console) -> None:
    if not report.frames:
        return
    table = plain_table(
        f"frames of {report.payload} as unary calls on one connection; TensorFlow Serving has no streaming Predict",
        ("codec", "in flight", "frames/s", "mean latency", "p50"),
    )
    for summary in summarize(report.frames):
        table.add_row(
            summary.spec.codec,
            str(summary.spec.concurrency),
            rate(summary.throughput_per_s),
            units.seconds(summary.mean_s),
            units.seconds(summary.p50_s),
        )
    console.print(table)
    for step in report.frames:
        if step.failure:
            console.print(f"{step.spec.id}: {step.failure}")


def _connections(entry: SharingSummary) -> str:
    return "1, shared by all" if entry.connections == 1 else f"{entry.connections}, one each"


def _difference(value: Interval | None) -> str:
    if value is None:
        return units.NOT_MEASURED
    return f"{units.seconds(value.median)} [{units.seconds(value.low)}, {units.seconds(value.high)}]"
