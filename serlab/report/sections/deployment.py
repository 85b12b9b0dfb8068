"""What stands around the calls: shared connections, a gateway, batching on the server, uploads in pieces."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.deployment import gateway_costs, recommend, summarize_batching, summarize_sharing
from serlab.analysis.words import counted
from serlab.records.deployment import BatchingReport, GatewayReport, MultiplexingReport, UploadReport
from serlab.report import sentences, units
from serlab.report.blocks import Block, Missing, Section
from serlab.report.source import Source
from serlab.report.tables.deployment import batching_table, gateway_table, sharing_table, upload_table

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
        blocks.append(sharing_table(sharing))
    if gateway:
        lines += _said_of_gateway(gateway)
        blocks.append(gateway_table(gateway))
    if batching:
        chosen = recommend(summarize_batching(batching))
        lines.append(f"Batching, {batching.concurrency} in flight: {chosen.setting or 'none'} ({chosen.reason}).")
        blocks.append(batching_table(batching))
    if upload:
        blocks.append(upload_table(upload))
    for name, command in _COMMANDS.items():
        if source.part(name, PARTS[name]) is None:
            blocks.append(Missing(_NAMES[name], f"serlab {command} --run {source.command}"))
    return Section("deployment", _TITLE, tuple(lines) or ("None of it was measured.",), tuple(blocks))


def _said_of_sharing(report: MultiplexingReport) -> Iterable[str]:
    for entry in summarize_sharing(report):
        if entry.connections == 1:
            back = entry.held_back_s
            held = f"; a large call holds small ones back by {sentences.time(back)}" if back else ""
            yield (
                f"{counted(entry.calls, 'call')} on one connection over {sentences.transport(entry.transport)} take "
                f"{units.ratio_interval(entry.overlap)} as long as the slowest of them{held}."
            )


def _said_of_gateway(report: GatewayReport) -> Iterable[str]:
    for cost in gateway_costs(report):
        if cost.added_s:
            unclear = f", {sentences.unclear_difference(cost.added_s)}" if cost.added_s.spans(0.0) else ""
            yield f"{report.gateway} adds {sentences.time(cost.added_s)} to {cost.payload} with {cost.codec}{unclear}."
