"""Calls that share a connection, on the terminal."""

from __future__ import annotations

from rich.console import Console

from serlab.analysis.deployment import gateway_costs, recommend, summarize_batching, summarize_sharing
from serlab.analysis.load.summary import summarize
from serlab.records.deployment import BatchingReport, GatewayReport, MultiplexingReport, SharingSummary, UploadReport
from serlab.records.run import Interval, RunInfo
from serlab.report import sentences, units
from serlab.report.origin import origin_lines
from serlab.report.tables.console import plain_table
from serlab.report.tables.load import rate


def print_multiplexing(report: MultiplexingReport, info: RunInfo, console: Console) -> None:
    """Print the bursts, what small calls wait behind a large one, and the frames in flight."""
    console.print(*origin_lines(report.instance, info), sep="\n")
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
    return sentences.time(value)


_BATCHERS = {"graph": "batching within the graph", "server": "TensorFlow Serving's own batching"}


def print_batching(report: BatchingReport, info: RunInfo, console: Console) -> None:
    """Print a row per setting, the recommended one, and what failed."""
    console.print(*origin_lines(report.instance, info), sep="\n")
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


def print_gateway(report: GatewayReport, info: RunInfo, console: Console) -> None:
    """Print the same calls direct and through the gateway, and the difference."""
    console.print(*origin_lines(report.instance, info), sep="\n")
    columns = ("call", "direct", "through", "added [95 %]", "through ÷ direct [95 %]", "gateway CPU")
    table = plain_table(f"direct and through {report.gateway}, one call in flight", columns)
    for cost in gateway_costs(report):
        table.add_row(
            f"{cost.payload} {cost.codec} ({cost.transport})",
            units.seconds_interval(cost.direct_s),
            units.seconds_interval(cost.through_s),
            _added(cost.added_s),
            units.ratio_interval(cost.ratio),
            units.seconds(cost.gateway_cpu_s),
        )
    console.print(table)
    for cost in gateway_costs(report):
        for error in cost.errors:
            console.print(f"{cost.payload} {cost.codec}: {error}")


def _added(value: Interval | None) -> str:
    if value is None:
        return units.NOT_MEASURED
    if value.runs < 2:
        return f"{units.seconds(value.median)} (1 round)"
    unclear = f": {sentences.unclear_difference(value)}" if value.spans(0.0) else ""
    return f"{sentences.time(value)}{unclear}"


def print_upload(report: UploadReport, info: RunInfo, console: Console) -> None:
    """Print a row per payload and codec, and what failed."""
    console.print(*origin_lines(report.instance, info), sep="\n")
    columns = ("upload", "sent", "raw", "body", "peak", "peak ÷ raw", "allocations", "capture")
    table = plain_table("memory of the client from encoding to the last byte sent (memray)", columns, left=2)
    for upload in report.profiles:
        profile = upload.profile
        table.add_row(
            f"{profile.case.payload} {profile.case.codec}",
            "in chunks, while it is made" if upload.chunked else "whole",
            units.size(profile.raw_bytes),
            units.size(upload.body_bytes),
            units.size(profile.peak_bytes),
            units.ratio(profile.peak_bytes / profile.raw_bytes),
            f"{profile.allocations:,}",
            profile.capture,
        )
    console.print(table)
    for name, reason in report.failures.items():
        console.print(f"{name} failed: {reason}")
