"""Shared connections, a gateway, batching, uploads: tables for terminal and page alike, and the terminal's words."""

from __future__ import annotations

from rich.console import Console

from serlab.analysis.deployment import gateway_costs, recommend, summarize_batching, summarize_sharing
from serlab.analysis.load.summary import summarize
from serlab.analysis.words import counted
from serlab.records.deployment import BatchingReport, GatewayReport, MultiplexingReport, UploadReport
from serlab.records.run import Interval, RunInfo
from serlab.report import sentences, units
from serlab.report.blocks import Cell, Table, columns
from serlab.report.origin import origin_lines
from serlab.report.tables.console import plain_table, shown
from serlab.report.tables.load import rate


def sharing_table(report: MultiplexingReport) -> Table:
    """Return the bursts by codec and number of connections."""
    rows = [
        (
            Cell(entry.codec),
            Cell(sentences.transport(entry.transport)),
            Cell("1, shared by all" if entry.connections == 1 else f"{entry.connections}, one each", entry.connections),
            Cell(units.ratio_interval(entry.overlap), entry.overlap.median),
            Cell(units.seconds_interval(entry.total_s), entry.total_s.median),
            Cell(rate(entry.calls_per_s), entry.calls_per_s.median),
            _time(entry.small_behind_large_s),
            _time(entry.held_back_s),
        )
        for entry in summarize_sharing(report)
    ]
    titles = ("codec", "over", "connections", "total ÷ slowest call", "total", "calls/s",
              f"small call behind {report.large_payload or 'a large one'}", "held back by sharing")  # fmt: skip
    caption = f"{counted(report.calls, 'call')} of {report.payload} at once; 1× means all in flight together"
    return Table("sharing-table", caption, columns(*titles, text=2), tuple(rows))


def gateway_table(report: GatewayReport) -> Table:
    """Return the same calls direct and through the gateway, and the difference."""
    rows = [
        (
            Cell(cost.payload),
            Cell(cost.codec),
            Cell(sentences.transport(cost.transport)),
            _time(cost.direct_s),
            _time(cost.through_s),
            _time(cost.added_s),
            Cell(units.ratio_interval(cost.ratio), cost.ratio.median if cost.ratio else None),
            Cell(units.seconds(cost.gateway_cpu_s), cost.gateway_cpu_s),
            Cell("; ".join(cost.errors) or "–", tone="bad" if cost.errors else "muted"),
        )
        for cost in gateway_costs(report)
    ]
    titles = ("payload", "codec", "over", "direct", "through", "added", "through ÷ direct", "gateway CPU per call",
              "error")  # fmt: skip
    caption = f"The same calls direct and through {report.gateway}, one in flight"
    return Table("gateway-table", caption, columns(*titles, text=3), tuple(rows))


def batching_table(report: BatchingReport) -> Table:
    """Return a row per setting; the recommended one stands out."""
    summaries = summarize_batching(report)
    chosen = recommend(summaries).setting
    rows = [
        (
            Cell(str(entry.setting or "without batching"), tone="good" if entry.setting == chosen else "plain"),
            Cell(rate(entry.throughput_per_s), entry.throughput_per_s.median),
            Cell(units.ratio_interval(entry.gain) if entry.gain else "–", entry.gain.median if entry.gain else None),
            Cell(units.NOT_MEASURED if entry.mean_rows is None else f"{entry.mean_rows:.1f}", entry.mean_rows),
            *(Cell(units.seconds(at), at) for at in (entry.mean_s, entry.p50_s, entry.p90_s, entry.p99_s)),
            Cell(str(entry.errors), entry.errors, tone="bad" if entry.errors else "plain"),
        )
        for entry in summaries
    ]
    titles = ("setting", "calls/s", "÷ without", "rows per batch", "mean latency", "p50", "p90", "p99", "errors")
    who = "within the graph" if report.batcher == "graph" else "by TensorFlow Serving itself"
    caption = f"Batching {who}, {counted(report.concurrency, 'call')} of one row in flight ({report.codec})"
    return Table("batching-table", caption, columns(*titles), tuple(rows))


def upload_table(report: UploadReport) -> Table:
    """Return a row per payload and codec."""
    rows = [
        (
            Cell(one.profile.case.payload),
            Cell(one.profile.case.codec),
            Cell("in chunks, while it is made" if one.chunked else "whole"),
            Cell(units.size(one.body_bytes), one.body_bytes),
            Cell(units.size(peak := one.profile.peak_bytes), peak),
            Cell(units.ratio(peak / one.profile.raw_bytes), peak / one.profile.raw_bytes),
            Cell(f"{one.profile.allocations:,}", one.profile.allocations),
        )
        for one in report.profiles
    ]
    titles = ("payload", "codec", "sent", "body", "client's peak", "peak ÷ tensor", "allocations")
    caption = "Memory of the client from encoding to the last byte sent, from memray"
    return Table("upload-table", caption, columns(*titles, text=3), tuple(rows))


def _time(value: Interval | None) -> Cell:
    return Cell(sentences.time(value), value.median) if value else Cell(units.NOT_MEASURED, tone="muted")


def print_multiplexing(report: MultiplexingReport, info: RunInfo, console: Console) -> None:
    """Print the bursts, what small calls wait behind a large one, and the frames in flight."""
    console.print(*origin_lines(report.instance, info), shown(sharing_table(report)), sep="\n")
    for entry in summarize_sharing(report):
        for error, count in entry.errors.items():
            console.print(f"{entry.codec} over {entry.connections}: {counted(count, 'call')} failed: {error}")
    if not report.frames:
        return
    table = plain_table(
        f"frames of {report.payload} as unary calls on one connection; TensorFlow Serving has no streaming Predict",
        ("codec", "in flight", "frames/s", "mean latency", "p50"),
    )
    for summary in summarize(report.frames):
        times = (units.seconds(value) for value in (summary.mean_s, summary.p50_s))
        table.add_row(summary.spec.codec, str(summary.spec.concurrency), rate(summary.throughput_per_s), *times)
    console.print(table)
    for step in report.frames:
        if step.failure:
            console.print(f"{step.spec.id}: {step.failure}")


def print_batching(report: BatchingReport, info: RunInfo, console: Console) -> None:
    """Print a row per setting, the recommended one, and what failed."""
    console.print(*origin_lines(report.instance, info), shown(batching_table(report)), sep="\n")
    chosen = recommend(summarize_batching(report))
    console.print(f"recommended: {chosen.setting or 'no batching'}: {chosen.reason}")
    for step in report.steps:
        if step.step.failure:
            console.print(f"{step.setting or 'without batching'} failed: {step.step.failure}")


def print_gateway(report: GatewayReport, info: RunInfo, console: Console) -> None:
    """Print the same calls direct and through the gateway, and the difference."""
    console.print(*origin_lines(report.instance, info), shown(gateway_table(report)), sep="\n")
    for cost in gateway_costs(report):
        if cost.added_s and cost.added_s.spans(0.0):
            console.print(f"{cost.payload} {cost.codec}: {sentences.unclear_difference(cost.added_s)}")


def print_upload(report: UploadReport, info: RunInfo, console: Console) -> None:
    """Print a row per payload and codec, and what failed."""
    console.print(*origin_lines(report.instance, info), shown(upload_table(report)), sep="\n")
    console.print(*(one.profile.capture for one in report.profiles), sep="\n")
    for name, reason in report.failures.items():
        console.print(f"{name} failed: {reason}")
