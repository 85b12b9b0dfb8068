"""What batching on the server does, on the terminal."""

from __future__ import annotations

from rich.console import Console

from serlab.analysis.batching import recommend, summarize_batching
from serlab.record import RunInfo
from serlab.record_batching import BatchingReport
from serlab.report import units
from serlab.report.load import rate
from serlab.report.origin import plain_table, print_origin

_BATCHERS = {"graph": "batching within the graph", "server": "TensorFlow Serving's own batching"}


def print_batching(report: BatchingReport, info: RunInfo, console: Console) -> None:
    """Print a row per setting, the recommended one, and what failed."""
    print_origin(report.instance, info, console)
    summaries = summarize_batching(report)
    chosen = recommend(summaries)
    columns = (
        "setting",
        "",
        "calls/s [95 %]",
        "÷ without [95 %]",
        "rows per batch",
        "mean",
        "p50",
        "p90",
        "p99",
        "errors",
    )
    title = f"{_BATCHERS[report.batcher]}, {report.concurrency} calls in flight, {report.codec}"
    table = plain_table(title, columns, left=2)
    for entry in summaries:
        table.add_row(
            str(entry.setting or "without batching"),
            "recommended" if entry.setting == chosen.setting else "",
            rate(entry.throughput_per_s),
            units.ratio_interval(entry.gain) if entry.setting else "1",
            units.NOT_MEASURED if entry.mean_rows is None else f"{entry.mean_rows:.1f}",
            *(units.seconds(value) for value in (entry.mean_s, entry.p50_s, entry.p90_s, entry.p99_s)),
            str(entry.errors),
        )
    console.print(table)
    console.print(f"recommended: {chosen.setting or 'no batching'}: {chosen.reason}")
    for step in report.steps:
        if step.step.failure:
            console.print(f"{step.setting or 'without batching'} failed: {step.step.failure}")
