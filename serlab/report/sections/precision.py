"""Precision: what became of the run's own values, and the precision lab's matrix of verdicts where it was run."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.precision_findings import codec_label
from serlab.analysis.verdict import WORDS
from serlab.records.precision import PrecisionCell, PrecisionReport
from serlab.records.run import Exactness
from serlab.report import sentences
from serlab.report.blocks import Block, Cell, Column, Links, Missing, Note, Section, Table, Tone
from serlab.report.sentences import words
from serlab.report.source import Source
from serlab.report.tables import precision as told

PARTS = {"precision": PrecisionReport}


def build(source: Source) -> Section:
    """Return the section."""
    report = source.part("precision", PrecisionReport)
    blocks: list[Block] = []
    if source.data.info.gates:
        blocks.append(_gates(source))
    if report is None:
        said = source.damaged.get("precision", "float edge cases were not examined in this run")
        blocks.append(Missing(said, f"serlab precision --run {source.command}"))
    else:
        blocks += [_matrix(report), Note(tuple(told.statements(report)) or ("Nothing was altered.",), "Findings")]
        blocks += [Missing(text) for text in report.missing]
        data = source.evidence("precision.json")
        if data:
            blocks.append(Links("Every class of values, with examples in bits", (("verdicts as JSON", data),)))
    return Section("precision", "Precision", tuple(_conclusion(source, report)), tuple(blocks))


def _conclusion(source: Source, report: PrecisionReport | None) -> Iterable[str]:
    gates = source.data.info.gates
    altered = [f"{gate.codec} ({gate.payload})" for gate in gates if not gate.exactness.exact]
    if gates and not altered:
        yield "Every codec returned every payload of this run with the same bits."
    elif altered:
        yield f"Not every round trip kept the bits: {sentences.listing(altered)}."
    if report is not None:
        cells = _round_trips(report)
        changed = list(dict.fromkeys(codec_label(cell) for cell in cells if not cell.exactness.exact))
        exact = [name for name in dict.fromkeys(codec_label(cell) for cell in cells) if name not in changed]
        where = f"live ({told.instance_label(report)})" if report.instance else "offline"
        if exact:
            yield f"Of the catalogue of edge cases, {sentences.listing(exact)} altered nothing, {where}."
        if changed:
            yield (
                f"{sentences.listing(changed)} altered or rejected some of the catalogue of edge cases, {where}; the "
                "matrix says which."
            )
    elif not gates:
        yield "No value was checked."


def _gates(source: Source) -> Table:
    payloads = [entry.name for entry in source.payloads]
    rows = []
    for codec in source.data.info.codecs:
        cells = [Cell(codec)]
        for payload in payloads:
            exactness = source.view.exactness(payload, codec)
            cells.append(Cell(words(exactness), tone=_tone(exactness)))
        rows.append(tuple(cells))
    return Table(
        "gates-table",
        "Round trip of this run's own values, checked before anything was timed",
        (Column("codec", numeric=False), *(Column(name, numeric=False) for name in payloads)),
        tuple(rows),
    )


def _tone(exactness: Exactness | None) -> Tone:
    if exactness is None:
        return "muted"
    return "good" if exactness.exact else "bad"


def _round_trips(report: PrecisionReport) -> list[PrecisionCell]:
    """The cells of whole round trips: through the live server where there was one."""
    live = [cell for cell in report.cells if cell.place == "live" and cell.leg == "both"]
    return live or [cell for cell in report.cells if cell.leg == "both"] or list(report.cells)


def _matrix(report: PrecisionReport) -> Table:
    cells = _round_trips(report)
    dtypes = list(dict.fromkeys(cell.dtype for cell in cells))
    grouped: dict[tuple[str, str], list[PrecisionCell]] = {}
    for cell in cells:
        grouped.setdefault((codec_label(cell), cell.dtype), []).append(cell)
    rows = [
        (Cell(codec), *(_verdict(grouped.get((codec, dtype), [])) for dtype in dtypes))
        for codec in dict.fromkeys(codec_label(cell) for cell in cells)
    ]
    where = (
        f"through {told.instance_label(report)}" if report.instance else "each codec against its own model of a server"
    )
    return Table(
        "precision-table",
        f"Worst verdict over the catalogue of edge cases, {where}; {report.started[:10]}",
        (Column("codec", numeric=False), *(Column(dtype, numeric=False) for dtype in dtypes)),
        tuple(rows),
    )


def _verdict(cells: list[PrecisionCell]) -> Cell:
    if not cells:
        return Cell("not examined", tone="muted")
    altered = [alteration for cell in cells for alteration in cell.alterations]
    if not altered:
        return Cell("exact", 0, tone="good")
    worst = max(altered, key=lambda alteration: _rank(alteration.verdict))
    classes = [cell.value_class for cell in cells if any(found.verdict == worst.verdict for found in cell.alterations)]
    everywhere = len(classes) == len(cells) > 1
    text = f"{worst.verdict}: {'every class' if everywhere else ', '.join(dict.fromkeys(classes))}"
    others = sorted({found.verdict for found in altered} - {worst.verdict}, key=_rank)
    if others:
        text += f"; also {sentences.listing(others)}"
    return Cell(text, _rank(worst.verdict), tone="warn" if worst.verdict in ("rounded", "canonical") else "bad")


def _rank(verdict: str) -> int:
    return WORDS.index(verdict) if verdict in WORDS else len(WORDS)
