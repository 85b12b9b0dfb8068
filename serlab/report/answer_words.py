"""The answer in sentences, for the page's first screen and the terminal's alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serlab.analysis import noise
from serlab.analysis.answer import Choice, baseline
from serlab.analysis.stats import FEWEST, interval
from serlab.report import elsewhere_words, sentences, short_answers, units
from serlab.report.blocks import Against, Fact, Link, Sentence
from serlab.report.sections.provenance import failures
from serlab.report.source import Source


def headline(source: Source) -> tuple[Sentence, ...]:
    """Return the answer in sentences: the largest saving first, then what every payload's choices keep of the bits.

    Of a run on the lab's own server, what TensorFlow Serving would make of it comes before what was measured.
    """
    there = tuple(elsewhere_words.predicted(source, headlined(source.choices).payload))
    if not there:
        return _measured(source)
    first, *others = _measured(source)
    begin, *pieces = (first,) if isinstance(first, str) else first
    begin = begin[0].lower() + begin[1:] if isinstance(begin, str) else begin
    return (*there, ("Measured on the lab's own server: ", begin, *pieces), *others)


def _measured(source: Source) -> tuple[Sentence, ...]:
    best = most(source.choices)
    if best is None:
        first = headlined(source.choices)
        if first.times_less and first.times_less.is_range:
            return (*_undecided(source, first), _exactness(source))
        return (
            f"{_what(first)} with {first.payload} takes {sentences.time(first.time_s)} with {name(source, first)} "
            f"over {sentences.transport(first.transport)}. {_nothing_faster(source, first)}",
            _exactness(source),
        )
    others = [
        choice
        for choice in source.choices
        if choice.payload == best.payload and choice.transport != best.transport and choice.times_less
    ]
    return (*_sentences(source, best), *(_other(source, choice) for choice in others), _exactness(source))


def _nothing_faster(source: Source, choice: Choice) -> str:
    """Say why no codec is told to be faster than another."""
    if len(source.view.measured) < 2:
        return "No other codec was measured."
    if baseline(source.view, choice.payload) is None:
        return f"{source.baseline}, which the others are held against, did not carry it."
    return f"No codec can be shown to be faster than {source.baseline} here."


def _sentences(source: Source, choice: Choice) -> Iterator[Sentence]:
    yield (
        f"{_what(choice)} with {choice.payload} takes ",
        _against(choice),
        f" time with {name(source, choice)} over {sentences.transport(choice.transport)} than with ",
        Against(source.baseline),
        ".",
    )
    base = baseline(source.view, choice.payload)
    if base:
        yield (
            f"That is {sentences.time(choice.time_s)} instead of "
            f"{sentences.time(interval(base.by_round.values()))} with {source.baseline}{_basis(choice)}."
        )


def _undecided(source: Source, choice: Choice) -> Iterator[Sentence]:
    """Tell what was seen where it is too little to decide anything."""
    base = baseline(source.view, choice.payload)
    against = f" and {sentences.time(interval(base.by_round.values()))} with {source.baseline}" if base else ""
    assert choice.times_less is not None
    yield (
        f"{_what(choice)} with {choice.payload} takes {sentences.time(choice.time_s)} with {name(source, choice)} over "
        f"{sentences.transport(choice.transport)}{against}."
    )
    yield (
        f"That would be {units.ratio(choice.times_less.median)} less, but there is "
        f"{sentences.undecided(choice.times_less)}."
    )


def _other(source: Source, choice: Choice) -> Sentence:
    over = sentences.transport(choice.transport)
    return (
        f"Over {over}, {name(source, choice)} takes {sentences.time(choice.time_s)}, ",
        _against(choice),
        " than ",
        Against(source.baseline),
        ".",
    )


def _against(choice: Choice) -> Against:
    return Against(sentences.faster(choice.times_less) if choice.times_less else "", choice.payload, choice.codec)


def facts(source: Source) -> Iterator[Fact]:
    """Yield short answers to what a reader asks, how sure they are, and what they would be elsewhere."""
    first = headlined(source.choices).payload
    yield from short_answers.facts(source, first)
    yield Fact("How sure", _sure(source))
    yield from elsewhere_words.facts(source, first)


def remarks(source: Source) -> tuple[str, ...]:
    """Return what to mind of a run: what could not be had, and noise."""
    return (*failures(source), *noise.remarks(source.view))


def first_remark(source: Source) -> Iterator[Fact]:
    """Yield the remark that matters most, and where the others stand on the page."""
    mind = remarks(source)
    more = len(mind) - 1
    rest = (" ", Link(f"And {more} more remark{'s' if more > 1 else ''}.", "#provenance-within")) if more > 0 else ()
    if mind:
        yield Fact("Mind", (mind[0], *rest), "warn")


def _sure(source: Source) -> str:
    choices = source.choices
    fewest = min(choice.time_s.runs for choice in choices)
    tied = [
        f"{choice.codec} with {sentences.listing(choice.ties)} ({choice.payload})" for choice in choices if choice.ties
    ]
    if any(choice.time_s.is_range for choice in choices):
        seen = f"{fewest} processes per codec give a range" if fewest > 1 else "one process per codec gives one figure"
        return f"Not yet: {seen}. From {FEWEST} on there is an interval, and a verdict: take more rounds."
    text = f"Medians over {fewest} fresh processes or more; brackets are their 95 % intervals."
    if len(source.view.measured) < 2:
        return text
    return text + (f" Too close to call: {'; '.join(tied)}." if tied else " No other codec comes close.")


def _basis(choice: Choice) -> str:
    return " (p50)" if choice.basis == "end to end" else ""


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
        return "Every codec named here returned the same bits."
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
