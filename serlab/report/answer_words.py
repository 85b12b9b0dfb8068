"""The answer in sentences, for the page's first screen and the terminal's alike."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from serlab.analysis import noise
from serlab.analysis.answer import Choice, baseline, contenders
from serlab.analysis.stats import FEWEST, interval
from serlab.analysis.words import counted
from serlab.report import elsewhere_words, glossary, sentences, short_answers, units
from serlab.report.blocks import Against, Fact, Link, Sentence
from serlab.report.origin import is_embedded, server_name
from serlab.report.sections.provenance import failures
from serlab.report.source import Source

#: What a run of the shortest profile lacks.
SHORT = "Profile smoke; standard narrows them, in ten minutes."


def headline(source: Source) -> Sentence:
    """Return the largest saving: on TensorFlow Serving, as predicted, where the run called the lab's own server."""
    first = headlined(source.choices)
    there = elsewhere_words.headline(source, first.payload)
    if there:
        return there
    if most(source.choices):
        return (
            f"{_what(first)} with {first.payload} takes ", _against(first),
            f" time with {_way(source, first)} than with ", Against(source.baseline), ".",
        )  # fmt: skip
    return f"{_what(first)} with {first.payload} takes {sentences.time(first.time_s)} with {_way(source, first)}."


def _measured(source: Source) -> Iterator[str | Against]:
    """Yield what was measured of the headline's payload, and what its choices keep of the bits: nothing predicted."""
    first = headlined(source.choices)
    base = baseline(source.view, first.payload)
    ways = [choice for choice in source.choices if choice.payload == first.payload]
    for number, choice in enumerate(sorted(ways, key=lambda one: one is not first)):
        begin = "; " if number else f"{first.payload} {'(p50) ' if first.basis == 'end to end' else ''}"
        yield f"{begin}{sentences.time(choice.time_s)} with {_way(source, choice)}"
        if choice.times_less:
            yield from (", ", _against(choice))
            if choice.times_less.above(1) and not number:
                yield from (" than with ", Against(source.baseline))
    if base and all(choice.codec != source.baseline for choice in ways):
        yield f"; {sentences.time(interval(base.by_round.values()))} with {source.baseline}"
    yield f". {_exactness(source)}"
    if not most(source.choices) and not (first.times_less and first.times_less.is_range):
        yield f" {_nothing_faster(source, first)}"


def _nothing_faster(source: Source, choice: Choice) -> str:
    """Say why no codec is told to be faster than another."""
    if len(source.view.measured) < 2:
        return "No other codec was measured."
    if baseline(source.view, choice.payload) is None:
        return f"{source.baseline}, which the others are held against, did not carry it."
    return f"No codec can be shown to be faster than {source.baseline} here."


def _way(source: Source, choice: Choice) -> str:
    return f"{name(source, choice)} over {sentences.transport(choice.transport)}"


def _against(choice: Choice) -> Against:
    return Against(sentences.faster(choice.times_less) if choice.times_less else "", choice.payload, choice.codec)


def facts(source: Source) -> Iterator[Fact]:
    """Yield what is predicted, what was measured, short answers to what a reader asks, and how sure they are."""
    first = headlined(source.choices).payload
    yield from elsewhere_words.facts(source, first)
    where = f"on {server_name(source.data.info.instance)}" if source.calls else "in isolation"
    yield Fact(f"Measured {where}", tuple(_measured(source)))
    yield from short_answers.facts(source, first)
    yield Fact("How sure", _sure(source))
    use = f"{_advise(source, first)} prints a client (REST: --transport rest)."
    yield Fact("Use it", f"{use}{_for_numbers(source, first)}")


def _for_numbers(source: Source, payload: str) -> str:
    """Name the fastest exact way over REST to a model that takes numbers, where the one told of needs bytes; or ""."""
    chosen = [one.codec for one in source.choices if one.payload == payload and one.codec in glossary.TAKE_BYTES]
    able = [
        one
        for one in contenders(source.view, payload)
        if one.transport == "rest" and one.exact and one.codec not in glossary.TAKE_BYTES
    ]
    if not chosen or not able or source.view.calls_a_model:
        return ""
    return f" {chosen[0]} needs a signature that takes bytes; else {able[0].codec}, {units.seconds(able[0].seconds)}."


def _advise(source: Source, payload: str) -> str:
    """Return the command that writes a client for what was called: the lab's echo, or a model."""
    instance = source.data.info.instance
    if not source.view.calls_a_model:
        return f"serlab advise --payload {shlex.quote(payload)}"
    serving = "" if is_embedded(instance) else "--serving HOST:8500:8501 "
    return f"serlab advise {serving}--model {shlex.quote(str(instance.get('model')))}"


def remarks(source: Source) -> tuple[str, ...]:
    """Return what to mind of a run: what could not be had, and noise."""
    return (*failures(source), *noise.remarks(source.view))


def first_remark(source: Source) -> Iterator[Fact]:
    """Yield the remark that matters most, and where the others stand on the page."""
    mind = remarks(source)
    more = len(mind) - 1
    rest = (" ", Link(f"And {counted(more, 'more remark')}.", "#provenance-within")) if more > 0 else ()
    if mind:
        yield Fact("Mind", (mind[0], *rest), "warn")


def _sure(source: Source) -> str:
    choices = source.choices
    fewest = min(choice.time_s.runs for choice in choices)
    tied = [
        f"{choice.codec} with {sentences.listing(choice.ties)} ({choice.payload})" for choice in choices if choice.ties
    ]
    more = f" {SHORT}" if source.data.info.profile == "smoke" else ""
    if any(choice.time_s.is_range for choice in choices):
        seen = f"{fewest} processes per codec give a range" if fewest > 1 else "one process per codec gives one figure"
        return f"Not yet: {seen}. From {FEWEST} on there is an interval, and a verdict: take more rounds.{more}"
    text = f"Medians over {fewest} processes or more, ratios within rounds; brackets: 95 % intervals.{more}"
    if len(source.view.measured) < 2:
        return text
    return text + (f" Too close to call: {'; '.join(tied)}." if tied else " No ties.")


def _what(choice: Choice) -> str:
    return "A call" if choice.basis == "end to end" else "Encode + decode"


def name(source: Source, choice: Choice) -> str:
    """Return a choice's codec, as it stands beside its speed."""
    return source.label(choice.payload, choice.codec)


def _exactness(source: Source) -> str:
    altering = [choice for choice in source.choices if not (choice.exactness and choice.exactness.exact)]
    if source.view.calls_a_model and source.calls:
        altering = [choice for choice in altering if choice.exactness]
        if not altering:
            return compared(source)
    if not altering:
        return "Every codec named here returned what it was sent."
    told = [f"{choice.codec} {sentences.exactness(choice.exactness)} ({choice.payload})" for choice in altering]
    return f"Mind the values: {sentences.listing(told)}."


def headlined(choices: Sequence[Choice]) -> Choice:
    """Return the choice that the first sentence is of: what saves the most, shown or merely seen."""
    return most(choices) or max(choices, key=lambda choice: choice.times_less.median if choice.times_less else 0.0)


def compared(source: Source) -> str:
    """Say what was compared of a model's values: offline those that a codec carried, live the answers it read."""
    offline = "Offline, the codecs named here carried the model's inputs and outputs bit for bit. "
    told = sentences.agreement(source.data.answers)
    live = ". ".join(told) if told else "the model's answers were not compared"
    return f"{offline}Live, {live}."


def most(choices: Sequence[Choice]) -> Choice | None:
    """Return the choice that saves the most."""
    saving = [choice for choice in choices if choice.times_less and choice.times_less.above(1)]
    return max(saving, key=lambda choice: choice.times_less.median if choice.times_less else 0.0, default=None)
