"""Precision: what became of the run's own values, and the precision lab's matrix of verdicts where it was run."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.precision_causes import causes
from serlab.analysis.precision_findings import codec_label
from serlab.analysis.precision_matrix import EXACT, Matrix, Word, altered_dtypes, of_dtype, overview, round_trips
from serlab.analysis.precision_matrix import severity as rank
from serlab.records.precision import PrecisionReport
from serlab.records.run import Exactness
from serlab.report import precision_words as brief
from serlab.report import sentences
from serlab.report.blocks import Block, Cell, Column, Links, Missing, Note, Section, Table, Tone
from serlab.report.origin import is_embedded
from serlab.report.sentences import words
from serlab.report.source import Source
from serlab.report.tables import precision as told

PARTS = {"precision": PrecisionReport}
#: Examples in bits that are kept on the page for one cause; the JSON has all.
EXAMPLES = 6


def build(source: Source) -> Section:
    """Return the section."""
    report = source.part("precision", PrecisionReport)
    blocks: list[Block] = []
    if report is None:
        blocks.append(Missing("precision of edge cases", f"serlab precision --run {source.command}"))
    else:
        blocks += _matrices(report)
        blocks += _findings(report)
        if report.missing:
            blocks.append(Note(report.missing, "What could not be examined", "warn"))
        data = source.evidence("precision.json")
        if data:
            blocks.append(Links("Every class of values, with examples in bits", (("verdicts as JSON", data),)))
    if source.data.info.gates:
        blocks.append(_gates(source))
    return Section("precision", "Precision", tuple(_conclusion(source, report)), tuple(blocks))


def _conclusion(source: Source, report: PrecisionReport | None) -> Iterable[str]:
    if report is not None:
        yield from _of_edge_cases(report)
    gates = source.data.info.gates
    altered = [f"{gate.codec} ({gate.payload})" for gate in gates if not gate.exactness.exact]
    if gates and not altered:
        if source.view.calls_a_model:
            yield "Offline, every codec carried the model's inputs, and outputs like its own, with the same bits."
            told = sentences.agreement(source.data.answers) or ("the model's answers were not compared",)
            yield f"Live, {'; '.join(told)}."
        else:
            yield "Every codec returned every payload of this run with the same bits."
    elif altered:
        yield f"Not every round trip kept the bits: {sentences.listing(altered)}."
    elif report is None:
        yield "No value was checked."


def _of_edge_cases(report: PrecisionReport) -> Iterable[str]:
    found = causes(report)
    silent = [cause for cause in found if cause.silent]
    where = f"live ({told.instance_label(report)})" if report.instance else "offline"
    if silent:
        yield f"The worst that nobody is told of: {brief.cause_statement(silent[0], report)}"
    elif found:
        yield f"No edge case is altered silently; some are rejected, {where}."
    cells = round_trips(report)
    changed = dict.fromkeys(codec_label(cell) for cell in cells if not cell.exactness.exact)
    exact = [name for name in dict.fromkeys(codec_label(cell) for cell in cells) if name not in changed]
    if exact:
        yield f"Of the catalogue of edge cases, {sentences.listing(exact)} altered nothing, {where}."
    if not report.instance:
        yield brief.OFFLINE
    elif is_embedded(report.instance):
        yield brief.AS_REAL


def _findings(report: PrecisionReport) -> Iterable[Block]:
    found = causes(report)
    lines = [brief.cause_statement(cause, report) for cause in found]
    if not lines:
        yield Note(("Nothing was altered.",), "Findings")
        return
    yield Note(tuple(lines[: brief.SHOWN_CAUSES]), "What alters values, the worst first")
    if len(lines) > brief.SHOWN_CAUSES:
        yield Note(tuple(lines[brief.SHOWN_CAUSES :]), f"{len(lines) - brief.SHOWN_CAUSES} more", folded=True)
    examples = [
        f"{brief.cause_name(cause, report)}, {cause.verdict}: {finding.dtype} {told.example_text(*example)}"
        for cause in found
        for finding in cause.findings[:2]
        for example in finding.examples[: EXAMPLES // 2]
    ]
    if examples:
        yield Note(tuple(examples), "Examples in bits", folded=True)


def _matrices(report: PrecisionReport) -> Iterable[Block]:
    alone = "each codec against its own model of a server"
    where = f"through {told.instance_label(report)}" if report.instance else alone
    yield _table("precision-table", f"What becomes of values, the worst first, {where}; {report.started[:10]}", "dtype",
                 overview(report))  # fmt: skip
    for dtype in altered_dtypes(report):
        caption = f"{dtype}: every class of values, {where}"
        yield _table(f"precision-{dtype}", caption, "class of values", of_dtype(report, dtype), folded=True)


def _table(name: str, caption: str, corner: str, matrix: Matrix, *, folded: bool = False) -> Table:
    return Table(
        name,
        caption,
        (Column(corner, numeric=False), *(Column(", ".join(names), numeric=False) for names in matrix.columns)),
        tuple(
            (Cell(", ".join(map(brief.class_label, row))), *(_cell(word) for word in line))
            for row, line in zip(matrix.rows, matrix.words, strict=True)
        ),
        folded=folded,
    )


def _cell(word: Word | None) -> Cell:
    if word is None:
        return Cell("not examined", tone="muted")
    tone: Tone = "good" if word.worst == EXACT else "warn" if all(map(brief.is_near, word.verdicts)) else "bad"
    return Cell(", ".join(brief.cued(word)), max(rank(verdict)[-1] for verdict in word.verdicts), tone=tone)


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
        folded=True,
    )


def _tone(exactness: Exactness | None) -> Tone:
    if exactness is None:
        return "muted"
    return "good" if exactness.exact else "bad"
