"""The first screen: what was asked, the answer, how sure it is, what it would be elsewhere, and the map of one call."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.answer import Choice
from serlab.records.prediction import Predictions
from serlab.report import answer_words, elsewhere_words, sentences
from serlab.report.blocks import Block, Cell, Facts, Figure, Missing, Section, Table, Tone, columns
from serlab.report.blocks import words as plain_cells
from serlab.report.plots import call_map
from serlab.report.sentences import words
from serlab.report.source import Source

PARTS = {"predictions": Predictions}


def build(source: Source) -> Section:
    """Return the section; it is never folded."""
    if not source.choices:
        missing = Missing("times, so there is no codec to recommend", "serlab bench")
        return Section("answer", "The answer", ("This run has no times.",), (missing,), folded=False)
    blocks: list[Block] = [Facts((*answer_words.facts(source), *answer_words.first_remark(source)))]
    maps = call_map.panels(source, _mapped(source))
    if maps:
        blocks.append(
            Figure("map-figure", "One call, end to end", _reading(source), maps)
            if source.calls
            else Figure("map-figure", "Encode and decode", _reading(source), maps)
        )
    blocks.append(_table(source))
    if source.predictions and (pairs := elsewhere_words.swapped(source.predictions)):
        blocks.append(_swaps(source.predictions, pairs))
    return Section("answer", "The answer", (answer_words.headline(source),), tuple(blocks), folded=False)


def _mapped(source: Source) -> list[str]:
    """Return the payloads that the first screen maps: the headline's, and one more where nothing is predicted."""
    first = answer_words.headlined(source.choices).payload
    others = [payload.name for payload in source.payloads if payload.name != first]
    return [first, *([] if source.call_parts else others[:1])]


def _reading(source: Source) -> str:
    if source.calls:
        return "Mean time of each stage, the fastest codec first: a bar ends at the mean of all calls, not at the p50."
    return "Mean time of encode and decode in isolation, the fastest first: no server was called in this run."


def _table(source: Source) -> Table:
    rows = []
    altering = any(choice.altering for choice in source.choices)
    for choice in source.choices:
        tone: Tone = "good" if choice.exactness and choice.exactness.exact else "bad"
        less = choice.times_less
        row = [
            Cell(choice.payload),
            Cell(sentences.transport(choice.transport)),
            Cell(answer_words.name(source, choice)),
            Cell(sentences.time(choice.time_s), choice.time_s.median),
            Cell(
                _saving(choice, source.baseline), less.median if less else None, against=(choice.payload, choice.codec)
            ),
            Cell(words(choice.exactness), tone=tone),
            Cell("no verdict" if choice.time_s.is_range else ", ".join(choice.ties) or "–", tone="muted"),
        ]
        if altering:
            row.append(Cell(f"{choice.altering} (ALTERS)" if choice.altering else "–", tone="warn"))
        rows.append(tuple(row))
    known = all(choice.exactness for choice in source.choices)
    basis = source.choices[0].basis
    what = "p50 of a call" if basis == "end to end" else "encode + decode"
    titles = ["payload", "over", "codec", what, f"time against {source.baseline}", "values", "too close to call with"]
    return Table(
        "answer-table",
        f"The fastest codec{' that returns the same bits' if known else ''}, per payload and transport, as measured",
        columns(
            *titles,
            *(["faster, but alters"] if altering else []),
            text=3,
            hints={what: "median over client processes" if basis == "end to end" else "mean, median over processes"},
        ),
        tuple(rows),
    )


def _swaps(found: Predictions, pairs: Iterable[tuple[str, str, str]]) -> Table:
    return Table(
        elsewhere_words.SWAPS_TABLE,
        f"Codecs that change places by the law of {found.law}",
        columns("payload", "faster there, predicted", "faster here, measured", text=3),
        tuple(plain_cells(*pair) for pair in pairs),
        folded=True,
    )


def _saving(choice: Choice, base: str) -> str:
    if choice.codec == base:
        return f"is {base}"
    return sentences.faster(choice.times_less) if choice.times_less else "–"
