"""Every pair of a payload's codecs held against each other, so that a reader can choose what to compare with what."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from serlab.analysis.answer import contenders, decode_case
from serlab.analysis.stats import paired_ratio
from serlab.analysis.view import RunView
from serlab.records.run import Case, Interval


@dataclass(frozen=True, slots=True)
class Pair:
    """Time of ``base`` ÷ time of ``codec``, paired by round: above 1, ``codec`` takes less.

    ``whole`` is of what the answer rests on: calls, or encode + decode. None where the two share no round.
    """

    payload: str
    base: str
    codec: str
    whole: Interval | None
    encode: Interval | None
    decode: Interval | None


def compare_all(view: RunView) -> tuple[Pair, ...]:
    """Return each pair of codecs of each payload once; held the other way round, every figure is its inverse.

    The slower one is the base, as in the answer: of an even number of rounds the inverse has another median.
    """
    found = []
    for payload in view.data.info.payloads:
        carried = {contender.codec: contender.by_round for contender in contenders(view, payload.name)}
        for base, codec in combinations(reversed(carried), 2):
            pair = [Case(payload.name, name, "encode") for name in (base, codec)]
            back = [decode_case(view, payload.name, name) for name in (base, codec)]
            found.append(
                Pair(payload.name, base, codec, paired_ratio(carried[base], carried[codec]),
                     view.ratio(*pair), view.ratio(*back))
            )  # fmt: skip
    return tuple(found)
