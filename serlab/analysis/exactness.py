"""How exactly a tensor came back: the verdicts of its elements, counted.

The comparison is of bits, so -0 differs from +0 and one NaN from another; see ``Verdict`` for the words.

Work beyond one pass is done only on elements that differ, so that an exact tensor is cheap whatever its size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.ulp import FloatFormat, float_format, pattern_distance, patterns
from serlab.records.run import Exactness

__all__ = ["WORDS", "Verdict", "all_failed", "compare", "compare_all", "examine", "tally"]


def compare(sent: Tensor, received: Tensor) -> Exactness:
    """Count the verdicts of ``received`` against ``sent``; another shape is a failure, with no counts.

    ``worst_ulp`` is the largest distance among ``rounded`` elements: in ULP of the sent dtype for floats, in
    units for integers. Counts hold only words that occur.
    """
    if sent.shape != received.shape:
        return Exactness(sent.size, {}, failure=f"shape {sent.shape} came back as {received.shape}")
    found, distance = examine(sent, received)
    return Exactness(sent.size, tally(found), worst_ulp=int(distance.max(initial=0)))


def compare_all(sent: Mapping[str, Tensor], received: Mapping[str, Tensor]) -> Exactness:
    """The exactness of several tensors together; where the names differ, as an echo's do, the order pairs them."""
    total = sum(tensor.size for tensor in sent.values())
    by_name = sent.keys() == received.keys()
    if not by_name and len(sent) != len(received):
        return Exactness(total, {}, failure=f"{len(sent)} tensors came back as {len(received)}")
    after_of = [received[name] for name in sent] if by_name else list(received.values())
    counts: Counter[str] = Counter()
    worst = 0
    for before, after in zip(sent.values(), after_of, strict=True):
        found = compare(before, after)
        if found.failure:
            return Exactness(total, {}, failure=found.failure)
        counts.update(found.counts)
        worst = max(worst, found.worst_ulp)
    return Exactness(total, {verdict.word: counts[verdict.word] for verdict in Verdict if counts[verdict.word]}, worst)


def all_failed(sent: Mapping[str, Tensor], failure: str) -> Exactness:
    """The exactness of tensors that never arrived: every element ``rejected``, with the error's text."""
    total = sum(tensor.size for tensor in sent.values())
    return Exactness(total, {Verdict.REJECTED.word: total}, failure=failure)


def tally(found: NDArray[np.int8]) -> dict[str, int]:
    """How often each verdict occurs, by word, in rising severity; words that do not occur are left out."""
    counts = np.bincount(found.reshape(-1), minlength=len(Verdict))
    return {v.word: int(counts[v]) for v in Verdict if counts[v]}


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


Tensor = NDArray[Any]
Found = NDArray[np.int8]
Distance = NDArray[np.uint64]

#: ``rounded`` allows what keeping bfloat16's 8 significant bits, the coarsest in use, does: 1/128 of the steps ...
ROUNDED_SHIFT = 7
#: ... or by this many steps, for values that have fewer bits than that (subnormals, bfloat16 itself).
ROUNDED_STEPS = 4
#: Integer widths that a wider integer can be cut down to.
WRAP_WIDTHS = (8, 16, 32, 64)


def examine(sent: Tensor, received: Tensor) -> tuple[Found, Distance]:
    """The ``Verdict`` of each element and the distance of the ``rounded`` ones (0 elsewhere).

    Both in the shape of ``sent``. Raises ``ValueError`` where shapes differ.
    """
    if sent.shape != received.shape:
        raise ValueError(f"cannot compare shape {sent.shape} with shape {received.shape}")
    found = np.zeros(sent.size, np.int8)
    distance = np.zeros(sent.size, np.uint64)
    _examine_flat(sent.reshape(-1), received.reshape(-1), found, distance)
    return found.reshape(sent.shape), distance.reshape(sent.shape)


def _examine_flat(sent: Tensor, received: Tensor, found: Found, distance: Distance) -> None:
    sent_kind, received_kind = _kind(sent.dtype), _kind(received.dtype)
    if sent_kind == received_kind == "string":
        found[:] = [_string_verdict(a, b) for a, b in zip(sent.tolist(), received.tolist(), strict=True)]
    elif sent_kind == received_kind == "complex":
        _examine_complex(sent, received, found, distance)
    elif sent.dtype.newbyteorder("=") == received.dtype.newbyteorder("="):
        _examine_same(sent, received, found, distance)
    elif {sent_kind, received_kind} <= {"float", "integer", "bool"}:
        _examine_converted(sent, received, found, distance)
    else:
        found[:] = Verdict.CHANGED_TYPE


def _kind(dtype: np.dtype[Any]) -> str:
    if float_format(dtype) is not None:
        return "float"
    named = {
        "b": "bool",
        "i": "integer",
        "u": "integer",
        "c": "complex",
        "S": "string",
        "U": "string",
        "O": "string",
    }
    return named.get(dtype.kind, dtype.name)


def _examine_same(sent: Tensor, received: Tensor, found: Found, distance: Distance) -> None:
    """Two arrays of one dtype that is neither string nor complex."""
    layout = float_format(sent.dtype)
    if layout is not None:
        _examine_floats(patterns(sent), patterns(received), layout, found, distance)
    elif sent.dtype.kind in "iu":
        _examine_integers(sent, received, found, distance)
    elif sent.dtype.kind == "b":
        found[sent != received] = Verdict.REPLACED
    else:  # no arithmetic is known for the dtype (float8, datetime64, ...): bits alone decide
        width = sent.dtype.itemsize
        raw = [np.ascontiguousarray(x).view(np.uint8).reshape(-1, width) for x in (sent, received)]
        found[(raw[0] != raw[1]).any(axis=1)] = Verdict.REPLACED


def _examine_floats(sent: Tensor, received: Tensor, layout: FloatFormat, found: Found, distance: Distance) -> None:
    """Patterns of one float format."""
    differ = np.flatnonzero(sent != received)
    if not differ.size:
        return
    a, b = sent[differ].astype(np.uint64), received[differ].astype(np.uint64)
    steps = pattern_distance(a, b, layout)
    sign, below_sign = np.uint64(layout.sign_mask), np.uint64(layout.sign_mask - 1)
    infinity, normal = np.uint64(layout.infinity), np.uint64(layout.smallest_normal)
    same_side = (a & sign) == (b & sign)
    a, b = a & below_sign, b & below_sign
    finite = a < infinity
    significand = np.where(a < normal, a, (a & (normal - np.uint64(1))) | normal)
    near = steps <= np.maximum(significand >> np.uint64(ROUNDED_SHIFT), np.uint64(ROUNDED_STEPS))
    rounded = finite & (b < infinity) & same_side & near & (a != 0) & (b != 0)
    found[differ] = np.select(
        [
            (a > infinity) & (b > infinity),
            (a == 0) & (b == 0),
            (b == 0) & (a < normal),
            finite & (b == infinity) & same_side,
            rounded,
        ],
        [Verdict.CANONICAL, Verdict.SIGN_LOST, Verdict.FLUSHED, Verdict.OVERFLOWED, Verdict.ROUNDED],
        default=Verdict.REPLACED,
    )
    distance[differ[rounded]] = steps[rounded]


def _examine_integers(sent: Tensor, received: Tensor, found: Found, distance: Distance) -> None:
    """Integers of any two dtypes, by value: NumPy compares signed with unsigned exactly (numpy >= 2.0)."""
    differ = np.flatnonzero(sent != received)
    if not differ.size:
        return
    sent, received = sent[differ], received[differ]
    a, b = sent.astype(np.uint64), received.astype(np.uint64)  # two's complement in 64 bits, beside the sign
    a_negative, b_negative = sent < 0, received < 0
    wrapped = np.zeros(differ.size, bool)
    for width in WRAP_WIDTHS:
        mask = np.uint64((1 << width) - 1)
        equal_below = ((a ^ b) & mask) == 0
        magnitude = np.where(b_negative, ~b, b)  # of a negative number, less one: what a signed width must hold
        fits = magnitude <= np.where(b_negative, mask >> np.uint64(1), mask)
        wrapped |= equal_below & fits
    same_side = a_negative == b_negative
    apart = np.maximum(a, b) - np.minimum(a, b)
    size = np.where(a_negative, np.uint64(0) - a, a)
    near = apart <= np.maximum(size >> np.uint64(ROUNDED_SHIFT), np.uint64(1))
    rounded = same_side & near & ~wrapped & (a != 0) & (b != 0)
    found[differ] = np.select([wrapped, rounded], [Verdict.WRAPPED, Verdict.ROUNDED], default=Verdict.REPLACED)
    distance[differ[rounded]] = apart[rounded]


def _examine_complex(sent: Tensor, received: Tensor, found: Found, distance: Distance) -> None:
    for part in ("real", "imag"):
        one = np.ascontiguousarray(getattr(sent, part))
        other = np.ascontiguousarray(getattr(received, part))
        part_found, part_distance = np.zeros_like(found), np.zeros_like(distance)
        _examine_flat(one, other, part_found, part_distance)
        np.maximum(found, part_found, out=found)
        np.maximum(distance, part_distance, out=distance)


def _examine_converted(sent: Tensor, received: Tensor, found: Found, distance: Distance) -> None:
    """Numbers that arrived in another dtype: by value, in the sent dtype where that can hold what arrived."""
    unheld = np.zeros(sent.size, bool)
    if sent.dtype.kind in "iu" and received.dtype.kind in "iu":
        _examine_integers(sent, received, found, distance)
    else:
        with np.errstate(all="ignore"):
            converted = received.astype(sent.dtype)
            if float_format(sent.dtype) is None:  # a fraction, an infinity or a number beyond the integer's range
                back = converted.astype(received.dtype)
                unheld = (back != received) | (np.signbit(back) != np.signbit(received))
        _examine_same(sent, converted, found, distance)
    held = found <= Verdict.SIGN_LOST
    found[held] = Verdict.CHANGED_TYPE
    found[unheld] = Verdict.REPLACED
    distance[unheld] = 0


def _string_verdict(sent: object, received: object) -> Verdict:
    if type(sent) is type(received):
        return Verdict.EXACT if sent == received else Verdict.REPLACED
    same = {_as_bytes(sent), _as_bytes(received)}
    return Verdict.CHANGED_TYPE if len(same) == 1 and None not in same else Verdict.REPLACED


def _as_bytes(value: object) -> bytes | None:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else None
