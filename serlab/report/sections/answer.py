"""The answer for this machine: per payload the best codec over each transport, what it saves, what it costs in bits."""

from __future__ import annotations

from collections.abc import Iterator

from serlab.analysis.answer import Choice, baseline
from serlab.analysis.correlate import BASELINE
from serlab.analysis.stats import interval
from serlab.report import sentences, units
from serlab.report.blocks import Block, Cell, Figure, Missing, Section, Table, Tone, columns
from serlab.report.plots import answer
from serlab.report.sentences import words
from serlab.report.source import Source


def build(source: Source) -> Section:
    """Return the section."""
    if not source.choices:
        blocks: tuple[Block, ...] = (
            Missing("nothing was timed or called in this run, so there is no codec to recommend", "serlab bench"),
        )
        return Section("answer", "The answer", ("This run has no times.",), blocks)
    figures = answer.panels(source)
    found: tuple[Block, ...] = (_table(source),)
    if figures:
        reading = (
            "Each row is a payload; further left is faster, and the scale is logarithmic. The distance "
            f"between the square and the others is what leaving {BASELINE} saves."
        )
        found = (Figure("answer-figure", "json against the best of each transport", reading, figures), *found)
    return Section("answer", "The answer", headline(source), found)


def headline(source: Source) -> tuple[str, ...]:
    """Return the answer in sentences: the largest saving first, then what every payload's choices keep of the bits."""
    saving = [choice for choice in source.choices if choice.times_less and choice.times_less.low > 1]
    if not saving:
        first = source.choices[-1]
        return (
            f"{_what(first)} with {first.payload} takes {sentences.time(first.time_s)} with {_name(source, first)} "
            f"over {sentences.transport(first.transport)}. No codec can be shown to be faster than {BASELINE} here.",
            _exactness(source),
        )
    most = max(saving, key=lambda choice: choice.times_less.median if choice.times_less else 0.0)
    others = [choice for choice in saving if choice.payload == most.payload and choice.transport != most.transport]
    return (*_sentences(source, most), *(_other(source, choice) for choice in others), _exactness(source))


def _sentences(source: Source, choice: Choice) -> Iterator[str]:
    assert choice.times_less is not None
    yield (
        f"{_what(choice)} with {choice.payload} takes {units.ratio_interval(choice.times_less)} less time with "
        f"{_name(source, choice)} over {sentences.transport(choice.transport)} than with {BASELINE}."
    )
    base = baseline(source.view, choice.payload)
    if base:
        yield (
            f"That is {sentences.time(choice.time_s)} instead of "
            f"{sentences.time(interval(list(base.by_round.values())))}."
        )


def _other(source: Source, choice: Choice) -> str:
    assert choice.times_less is not None
    return (
        f"Over {sentences.transport(choice.transport)}, {_name(source, choice)} takes {sentences.time(choice.time_s)}, "
        f"{units.ratio_interval(choice.times_less)} less than {BASELINE}."
    )


def _what(choice: Choice) -> str:
    return "A call" if choice.basis == "end to end" else "Encode + decode"


def _name(source: Source, choice: Choice) -> str:
    return source.label(choice.payload, choice.codec)


def _exactness(source: Source) -> str:
    altering = [choice for choice in source.choices if not (choice.exactness and choice.exactness.exact)]
    if not altering:
        return "Every codec named here returned the same bits."
    told = [f"{choice.codec} {sentences.exactness(choice.exactness)} ({choice.payload})" for choice in altering]
    return f"Mind the values: {sentences.listing(told)}."


def _table(source: Source) -> Table:
    rows = []
    altering = any(choice.altering for choice in source.choices)
    for choice in source.choices:
        tone: Tone = "good" if choice.exactness and choice.exactness.exact else "bad"
        less = choice.times_less
        row = [
            Cell(choice.payload),
            Cell(sentences.transport(choice.transport)),
            Cell(_name(source, choice)),
            Cell(sentences.time(choice.time_s), choice.time_s.median),
            Cell(_saving(choice), less.median if less else None),
            Cell(", ".join(choice.ties) or "–", tone="muted"),
            Cell(words(choice.exactness), tone=tone),
        ]
        if altering:
            row.append(Cell(f"{choice.altering} (ALTERS)" if choice.altering else "–", tone="warn"))
        rows.append(tuple(row))
    basis = source.choices[0].basis
    what = "p50 of a call" if basis == "end to end" else "encode + decode"
    titles = ["payload", "over", "codec", what, f"time against {BASELINE}", "too close to call with", "values"]
    return Table(
        "answer-table",
        "The fastest codec that returns the same bits, per payload and transport",
        columns(
            *titles,
            *(["faster, but alters"] if altering else []),
            text=3,
            hints={what: "median over client processes" if basis == "end to end" else "mean, median over processes"},
        ),
        tuple(rows),
    )


def _saving(choice: Choice) -> str:
    if choice.codec == BASELINE:
        return f"is {BASELINE}"
    return sentences.faster(choice.times_less) if choice.times_less else "–"
