"""Load: throughput and latency of many calls at once, and what to know before believing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from serlab.analysis.load.histogram import SAMPLE_FLOOR
from serlab.analysis.load.view import LoadView
from serlab.records.load import LoadReport, LoadSummary
from serlab.report import sentences, units
from serlab.report.blocks import Block, Cell, Figure, Links, Missing, Note, Section, Table, columns
from serlab.report.origin import marked_instance
from serlab.report.plots import load_curves
from serlab.report.source import Source
from serlab.report.tables.load import late, rate

PARTS = {"load": LoadReport}


def build(source: Source) -> Section:
    """Return the section."""
    report = source.part("load", LoadReport)
    if report is None or not report.steps:
        missing = Missing("load", f"serlab load --run {source.command}")
        return Section("load", "Load", ("There was no load.",), (missing,))
    view = LoadView(report)
    table = _table(source, view.summaries)
    panels = load_curves.panels(view.summaries)
    blocks: list[Block] = [
        Figure(
            "load-figure",
            "Throughput and latency under load",
            "Left: calls per second against the calls in flight; where a line bends, more calls only wait longer. "
            "Right: the same steps, latency against calls per second; a line that turns up or back has passed its "
            "knee.",
            panels,
            table,
            paired=True,
        )
        if panels
        else table
    ]
    if view.remarks:
        blocks.append(Note(view.remarks, "Before you believe these figures", "warn"))
    data = source.evidence("load.json")
    if data:
        blocks.append(Links("Every step with its windows and histogram", (("steps as JSON", data),)))
    return Section("load", "Load", tuple(_conclusion(view)), tuple(blocks))


def _conclusion(view: LoadView) -> Iterable[str]:
    if not any(entry.calls for entry in view.summaries):
        yield "No call under load was answered."
    for knee in view.knees:
        ready = ", ready bodies," if knee.pre_encoded else ""
        yield (
            f"{knee.payload} with {knee.codec}{ready} reaches {knee.peak_per_s:,.0f} calls per second at "
            f"{knee.peak_concurrency} in flight; its knee is at {knee.concurrency}, with {knee.throughput_per_s:,.0f} "
            f"calls per second and {units.seconds(knee.latency_s)} on average."
        )
    yield f"Measured against: {marked_instance(view.report.instance)}."


def _table(source: Source, summaries: Sequence[LoadSummary]) -> Table:
    rows = []
    for entry in summaries:
        spec, failed = entry.spec, sum(entry.errors.values())
        pace = f"{spec.concurrency} in flight" if spec.loop == "closed" else f"{spec.rate_per_s:g}/s, {spec.arrivals}"
        tails = [
            Cell(units.seconds(value), value)
            if value is not None
            else Cell(f"needs {SAMPLE_FLOOR[at]:,} calls" if entry.calls else "–", tone="muted")
            for value, at in ((entry.p50_s, 0.5), (entry.p90_s, 0.9), (entry.p99_s, 0.99), (entry.p999_s, 0.999))
        ]
        rows.append(
            (
                Cell(spec.payload),
                Cell(source.label(spec.payload, spec.codec) + (", ready" if spec.pre_encoded else "")),
                Cell(sentences.transport(entry.transport)),
                Cell(pace, spec.rate_per_s or spec.concurrency),
                Cell(rate(entry.throughput_per_s), entry.throughput_per_s.median),
                *tails,
                Cell(f"{failed:,}" if failed else "0", failed, tone="bad" if failed else "plain"),
                Cell(late(entry), entry.late),
                Cell(units.seconds(entry.client_cpu_s), entry.client_cpu_s),
                Cell(units.seconds(entry.server_cpu_s), entry.server_cpu_s),
                Cell(f"{units.size(entry.wire_bytes_per_s)}/s", entry.wire_bytes_per_s),
                Cell("yes" if entry.stable else "no", tone="plain" if entry.stable else "warn"),
            )
        )
    titles = ("payload", "codec", "over", "load", "calls/s", "p50", "p90", "p99", "p99.9", "errors", "late",
              "client CPU per call", "server CPU per call", "bodies on the wire", "stable")  # fmt: skip
    return Table("load-table", "Steps of load, all rounds together", columns(*titles, text=4), tuple(rows))
