"""Pieces of sentences that the report's conclusions are made of. Every number keeps its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from serlab.analysis.correlate import shows_relation
from serlab.analysis.holders import Holder
from serlab.analysis.stats import FEWEST, resolvable
from serlab.analysis.words import counted
from serlab.records.correlation import Correlation, InCall, Mode, Saving
from serlab.records.endtoend import Answer
from serlab.records.run import Exactness, Interval, MemoryProfile, Op
from serlab.report import units


def listing(names: Sequence[str], word: str = "and") -> str:
    """Return ``a``, ``a and b``, or ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


#: What is done with a payload, by op.
DOING: Mapping[Op, str] = MappingProxyType({"encode": "encoding", "decode": "decoding"})


def time(value: Interval) -> str:
    """Return a time with its interval: ``7.21 ms [6.50 ms, 9.80 ms]``."""
    if value.runs < 2:
        return f"{units.seconds(value.median)} (one process)"
    place = units.carried(value)
    return f"{units.seconds(value.median, place)} {units.bounds(value, lambda at: units.seconds(at, place))}"


def change(value: Interval) -> str:
    """Return a difference in words: ``adds 7.21 ms [6.50 ms, 9.80 ms]``, ``saves …``; signed where it may be either."""
    if value.spans(0):
        return f"{time(value)}, {unclear_difference(value)}"
    if value.median > 0:
        return f"adds {time(value)}"
    return f"saves {time(negated(value))}"


def saving(found: Saving) -> str:
    """Return what leaving the baseline for another codec does, in isolation and end to end: it saves, or it costs."""
    unclear = f", {unclear_difference(found.end_to_end_s)}" if found.end_to_end_s.spans(0) else ""
    whole = found.end_to_end_s
    verb = "saves" if whole.median >= 0 else "costs"
    shown = whole if whole.median >= 0 else negated(whole)
    alone = " and ".join(
        f"{'saves' if value >= 0 else 'costs'} {units.seconds(abs(value))} {op}"
        for value, op in ((found.encode_s, "encoding"), (found.decode_s, "decoding"))
    )
    return (
        f"{found.payload}: going from {found.slow} to {found.fast} {verb} {time(shown)} end to end{unclear}; "
        f"in isolation it {alone}."
    )


def share(value: Interval) -> str:
    """Return a share with its interval: ``63 % [60 %, 65 %]``."""
    return f"{units.percent(value.median)} {units.bounds(value, units.percent)}"


def faster(value: Interval) -> str:
    """Return how a time compares to a slower one's: ``71.0× less``, ``1.20× more``, or that it cannot be said."""
    if value.is_range:
        return f"{units.ratio_interval(value)}: no verdict"
    if value.spans(1.0):
        return f"{undecided(value)} ({units.ratio_interval(value)})"
    if value.median >= 1:
        return f"{units.ratio_interval(value)} less"
    return f"{units.ratio_interval(turned(value))} more"


def turned(value: Interval) -> Interval:
    """Return a ratio held the other way round."""
    return replace(value, median=1 / value.median, low=1 / value.high, high=1 / value.low)


def negated(value: Interval) -> Interval:
    """Return a difference the other way round."""
    return replace(value, median=-value.median, low=-value.high, high=-value.low)


def unclear_difference(value: Interval) -> str:
    """Return why a difference of times decides nothing, with the smallest one that would have been found."""
    if value.is_range:
        return undecided(value)
    reach = max(value.high - value.median, value.median - value.low)
    return f"too close to call, differences from {units.seconds(reach)} would show"


def undecided(value: Interval) -> str:
    """Return why a ratio decides nothing, with the smallest difference that would have been found."""
    if value.is_range:
        return f"no verdict from {value.runs} of the {FEWEST} processes that it takes"
    least = resolvable(value)
    return "too close to call" + (f", differences from {units.difference(least)} would show" if least else "")


def exactness(found: Exactness | None) -> str:
    """Return what a codec does to values, in a sentence: ``returns the same bits``, ``alters values: rounded 12 %``."""
    if found is None:
        return "was not compared"
    if found.failure:
        return f"fails: {found.failure}"
    if found.exact:
        return "returns the same bits"
    altered = [
        f"{word} {units.percent(count / found.elements)}" for word, count in found.counts.items() if word != "exact"
    ]
    return f"alters values: {listing(altered)}"


def transport(name: str) -> str:
    """Return a transport as people write it."""
    return {"grpc": "gRPC", "rest": "REST", "none": "no transport"}.get(name, name)


def words(exactness: Exactness | None) -> str:
    """Say what a codec does to values, as shown beside its speed: ``exact``, ``rounded 12 %``, ``failed``."""
    if exactness is None:
        return "not compared"
    if exactness.failure:
        return "FAILED"
    if exactness.exact:
        return "exact"
    altered = {word: count for word, count in exactness.counts.items() if word != "exact"}
    return "ALTERS: " + ", ".join(
        f"{word} {units.percent(count / exactness.elements)}" for word, count in altered.items()
    )


def copy_factor(profile: MemoryProfile) -> float:
    """Return bytes allocated ÷ size of the tensor, also those that were freed at once."""
    return profile.allocated_bytes / profile.raw_bytes


def peak(profile: MemoryProfile) -> str:
    """Return what one call held at its highest: ``13.8 MiB, 24.1× the tensor``."""
    return f"{units.size(profile.peak_bytes)}, {units.ratio(profile.peak_bytes / profile.raw_bytes)} the tensor"


def holder_words(holder: Holder) -> str:
    """Return who held memory, in words: ``13.4 MiB in json.dumps (json/encoder.py:258)``."""
    where = f" ({holder.place})" if holder.place else ""  # native code often has no line
    return f"{units.size(holder.bytes)} in {holder.name}{where}"


def agreement(answers: Sequence[Answer]) -> tuple[str, ...]:
    """Say of a model's recorded answers which codecs read the same bits, which others, and which brought none."""
    told = []
    for payload in dict.fromkeys(answer.payload for answer in answers):
        own = [answer for answer in answers if answer.payload == payload]
        reference = next((answer.compared_with for answer in own if answer.compared_with), "")
        same = [answer.codec for answer in own if answer.exactness and answer.exactness.exact]
        if same:
            told.append(f"{payload}: {listing(same)} read the same answer as {reference}, bit for bit")
        told += [
            f"{payload}: {answer.codec} reads another answer than {reference}: {exactness(answer.exactness)}"
            for answer in own
            if answer.exactness and not answer.exactness.exact
        ]
        if not reference and any(answer.file for answer in own):
            told.append(f"{payload}: the model's answers were not compared")
        told += [f"{payload}: {answer.codec} brought no answer: {answer.failure}" for answer in own if answer.failure]
    return tuple(told)


def relation(fit: Correlation) -> str:
    """Say what a fit of end-to-end over isolated times shows, or that its points show no relation."""
    if fit.slope is None or fit.spearman is None:
        return f"{counted(fit.points, 'point')} {'is' if fit.points == 1 else 'are'} too few for a fit"
    if not shows_relation(fit):
        return f"no relation is shown by {fit.points} points"
    slope = fit.slope
    return (
        f"a line through them has {slope.median:.2f} ms end to end per millisecond in isolation [{slope.low:.2f}, "
        f"{slope.high:.2f}]; the order of codecs carries over with a rank correlation of {fit.spearman:.2f} "
        f"({fit.points} points)"
    )


#: How steps were timed in isolation.
MODES: Mapping[Mode, str] = MappingProxyType({"apart": "with a wait before each", "tight": "in a loop"})


def in_call(modes: Sequence[InCall]) -> str:
    """Say which mode of timing in isolation tells what steps take within calls; "" where nothing was called."""
    told = [f"{MODES[one.mode]}, {units.percent(one.within)}" for one in modes if one.cases]
    if not told:
        return ""
    return (
        f"Of the {modes[0].cases} steps that take 20 µs and more, isolated ÷ in a call is between 0.85 and 1.15: "
        f"timed {'; timed '.join(told)}. The first is used here."
    )
