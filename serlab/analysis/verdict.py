"""The words for what can become of one element on its way, each meaning one thing."""

from __future__ import annotations

from enum import IntEnum


class Verdict(IntEnum):
    """What became of one element, in rising severity; a complex number gets its worse part's verdict.

    ============  ==========================================================================================
    exact         the same bits
    canonical     a NaN, still a NaN, with other bits (sign, payload, or quiet for signalling)
    sign lost     -0 became +0, or the other way round
    rounded       a near number of the same sign: off by 1/64 of the value or by 4 ULP at most
    flushed       a subnormal became zero
    overflowed    a finite number became infinity of its sign
    wrapped       an integer lost its upper bits: equal modulo 2^8, 2^16, 2^32 or 2^64, and fits that width
    replaced      something else altogether: NaN to number, normal to zero, another string, ...
    changed type  the same value in another dtype (text for bytes, float for integer, ...)
    rejected      no value arrived: the trip ended in an error
    ============  ==========================================================================================

    Every word but ``exact`` is an alteration. An alteration is *silent* when nothing was raised or warned on
    the way: a fact about the trip, not about the two values, so it is no verdict but stands beside one.
    """

    EXACT = 0
    CANONICAL = 1
    SIGN_LOST = 2
    ROUNDED = 3
    FLUSHED = 4
    OVERFLOWED = 5
    WRAPPED = 6
    REPLACED = 7
    CHANGED_TYPE = 8
    REJECTED = 9

    @property
    def word(self) -> str:
        """The verdict as tables and records spell it."""
        return self.name.lower().replace("_", " ")


WORDS: tuple[str, ...] = tuple(v.word for v in Verdict)
