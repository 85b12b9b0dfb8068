"""Load: throughput and latency of many calls at once, and what to know before believing them."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.load.summary import LoadView
from serlab.records.load import LoadReport
from serlab.report import units
from serlab.report.blocks import Block, Figure, Links, Missing, Note, Section
from serlab.report.origin import marked_instance
from serlab.report.plots import load_curves
from serlab.report.source import Source
from serlab.report.tables.load import steps_table

PARTS = {"load": LoadReport}


def build(source: Source) -> Section:
    """Return the section."""
    report = source.part("load", LoadReport)
    if report is None or not report.steps:
        missing = Missing("load", f"serlab load --run {source.command}")
        return Section("load", "Load", ("There was no load.",), (missing,))
    view = LoadView(report)
    table = steps_table(view.summaries, source.label)
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
