"""What stands around the calls: shared connections, a gateway, batching on the server, uploads in pieces."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.deployment import gateway_costs, recommend, summarize_batching, summarize_sharing
from serlab.records.deployment import BatchingReport, GatewayReport, MultiplexingReport, UploadReport
from serlab.records.run import Interval
from serlab.report import sentences, units
from serlab.report.blocks import Block, Cell, Missing, Section, Table, columns
from serlab.report.source import Source
from serlab.report.tables.load import rate

PARTS = {
    "multiplexing": MultiplexingReport,
    "gateway": GatewayReport,
    "batching": BatchingReport,
    "upload": UploadReport,
}
_COMMANDS = {"multiplexing": "multiplex", "gateway": "gateway", "batching": "batching", "upload": "upload"}
_NAMES = {"multiplexing": "calls that share a connection", "gateway": "a gateway in between", "batching": "batching",
          "upload": "uploads"}  # fmt: skip
_TITLE = "Connections, gateway, batching, uploads"


def build(source: Source) -> Section:
    """Return the section."""
    lines: list[str] = []
    blocks: list[Block] = []
    sharing, gateway = source.part("multiplexing", MultiplexingReport), source.part("gateway", GatewayReport)
    batching, upload = source.part("batching", BatchingReport), source.part("upload", UploadReport)
    if sharing:
        lines += _said_of_sharing(sharing)
        blocks.append(_sharing(sharing))
    if gateway:
        lines += _said_of_gateway(gateway)
        blocks.append(_gateway(gateway))
    if batching:
        chosen = recommend(summarize_batching(batching))
        lines.append(f"Batching, {batching.concurrency} in flight: {chosen.setting or 'none'} ({chosen.reason}).")
        blocks.append(_batching(batching))
    if upload:
        blocks.append(_upload(upload))
    for name, command in _COMMANDS.items():
        if source.part(name, PARTS[name]) is None:
            blocks.append(Missing(_NAMES[name], f"serlab {command} --run {source.command}"))
    return Section("deployment", _TITLE, tuple(lines) or ("None of it was measured.",), tuple(blocks))


def _said_of_sharing(report: MultiplexingReport) -> Iterable[str]:
    for entry in summarize_sharing(report):
        if entry.connections == 1:
            held = (
                f"; a large call holds small ones back by {_interval(entry.held_back_s)}" if entry.held_back_s else ""
            )
            yield (
                f"{entry.calls} calls on one connection over {sentences.transport(entry.transport)} take "
                f"{units.ratio_interval(entry.overlap)} as long as the slowest of them{held}."
            )


def _said_of_gateway(report: GatewayReport) -> Iterable[str]:
    for cost in gateway_costs(report):
        if cost.added_s:
            unclear = f", {sentences.unclear_difference(cost.added_s)}" if cost.added_s.spans(0.0) else ""
            yield f"{report.gateway} adds {_interval(cost.added_s)} to {cost.payload} with {cost.codec}{unclear}."


def _sharing(report: MultiplexingReport) -> Table:
    rows = [
        (
            Cell(entry.codec),
            Cell(sentences.transport(entry.transport)),
            Cell(str(entry.connections), entry.connections),
            Cell(units.ratio_interval(entry.overlap), entry.overlap.median),
            Cell(units.seconds_interval(entry.total_s), entry.total_s.median),
            Cell(rate(entry.calls_per_s), entry.calls_per_s.median),
            _optional(entry.small_behind_large_s),
            _optional(entry.held_back_s),
        )
        for entry in summarize_sharing(report)
    ]
    titles = ("codec", "over", "connections", "total ÷ slowest call", "total", "calls/s",
              f"small call behind {report.large_payload or 'a large one'}", "held back by sharing")  # fmt: skip
    caption = f"{report.calls} calls of {report.payload} at once; 1× means all in flight together"
    return Table("sharing-table", caption, columns(*titles, text=2), tuple(rows))


def _gateway(report: GatewayReport) -> Table:
    rows = [
        (
            Cell(cost.payload),
            Cell(cost.codec),
            Cell(sentences.transport(cost.transport)),
            _optional(cost.direct_s),
            _optional(cost.through_s),
            _optional(cost.added_s),
            Cell(units.ratio_interval(cost.ratio), cost.ratio.median if cost.ratio else None),
            Cell(units.seconds(cost.gateway_cpu_s), cost.gateway_cpu_s),
            Cell("; ".join(cost.errors) or "–", tone="bad" if cost.errors else "muted"),
        )
        for cost in gateway_costs(report)
    ]
    titles = (
        "payload",
        "codec",
        "over",
        "direct",
        "through",
        "added",
        "through ÷ direct",
        "gateway CPU per call",
        "error",
    )
    caption = f"The same calls direct and through {report.gateway}, one in flight"
    return Table("gateway-table", caption, columns(*titles, text=3), tuple(rows))


def _batching(report: BatchingReport) -> Table:
    summaries = summarize_batching(report)
    chosen = recommend(summaries).setting
    rows = [
        (
            Cell(str(entry.setting or "without batching"), tone="good" if entry.setting == chosen else "plain"),
            Cell(rate(entry.throughput_per_s), entry.throughput_per_s.median),
            Cell(units.ratio_interval(entry.gain) if entry.gain else "–", entry.gain.median if entry.gain else None),
            Cell(units.NOT_MEASURED if entry.mean_rows is None else f"{entry.mean_rows:.1f}", entry.mean_rows),
            Cell(units.seconds(entry.mean_s), entry.mean_s),
            Cell(units.seconds(entry.p90_s), entry.p90_s),
            Cell(str(entry.errors), entry.errors, tone="bad" if entry.errors else "plain"),
        )
        for entry in summaries
    ]
    titles = ("setting", "calls/s", "÷ without", "rows per batch", "mean latency", "p90", "errors")
    who = "within the graph" if report.batcher == "graph" else "by TensorFlow Serving itself"
    caption = f"Batching {who}, {report.concurrency} calls of one row in flight ({report.codec})"
    return Table("batching-table", caption, columns(*titles), tuple(rows))


def _upload(report: UploadReport) -> Table:
    rows = [
        (
            Cell(one.profile.case.payload),
            Cell(one.profile.case.codec),
            Cell("in chunks" if one.chunked else "whole"),
            Cell(units.size(one.body_bytes), one.body_bytes),
            Cell(units.size(one.profile.peak_bytes), one.profile.peak_bytes),
            Cell(
                units.ratio(one.profile.peak_bytes / one.profile.raw_bytes),
                one.profile.peak_bytes / one.profile.raw_bytes,
            ),
        )
        for one in report.profiles
    ]
    titles = ("payload", "codec", "sent", "body", "client's peak", "peak ÷ tensor")
    caption = "Memory of the client from encoding to the last byte sent"
    return Table("upload-table", caption, columns(*titles, text=3), tuple(rows))


def _interval(value: Interval) -> str:
    return sentences.time(value)


def _optional(value: Interval | None) -> Cell:
    return Cell(_interval(value), value.median) if value else Cell(units.NOT_MEASURED, tone="muted")
