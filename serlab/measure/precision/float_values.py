"""Float values that formats are known to hurt, by class, with bit patterns where a number would not name one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.ulp import FORMATS, FloatFormat, float_format, from_patterns, patterns

Classes = dict[str, NDArray[Any]]

#: Directed sweeps of what random patterns rarely hit (a subnormal or NaN is 1 in 1,000 for float64): samples / 100.
RARE_SHARE = 100
#: Texts that a decimal reader or writer easily gets wrong; each is read as the nearest value of the dtype.
HOSTILE = (0.1, 0.2, 0.3, 1 / 3, 2 / 3, 1e-5, 1e-7, 1e-10, 1e-22, 1e-23, 1e-37, 1e-100, 1e-300, 1e5, 1e15, 1e16,
           1e17, 1e21, 1e22, 1e23, 8.41e21, 9.5e-3, 123456.789, 1.7976931348623157e308, 2.718281828459045)  # fmt: skip
#: 5e-324 is float64's smallest; a reader that rounds 2.2250738585072011e-308 badly once looped for ever.
HOSTILE_SUBNORMAL = (5e-324, 2.2250738585072011e-308, 1e-310, 1e-40, 1e-45)
#: Whole numbers, which some writers put down as integers, and the ends of exact integers in float32 and float64.
WHOLE = (1, 2, 10, 100, 255, 65_504, 2**24 - 1, 2**24, 2**24 + 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**53 + 1, 2**63,
         2**64, 10**15, 10**16, 10**21, 10**22)  # fmt: skip


def float_classes(dtype: np.dtype[Any], samples: int, seed: int) -> Classes:
    """Value classes of a float dtype: every pattern there is of a 16-bit one, named values and sweeps of wider ones.

    ``samples`` random bit patterns and as many random numbers in [0, 1) are drawn with ``seed``.
    """
    layout = float_format(dtype)
    if layout is None:
        raise TypeError(f"{dtype} is not a float dtype")
    if layout.bits == 16:
        every = np.arange(2**16, dtype=np.uint16)
        return {name: from_patterns(every[at], dtype) for name, at in float_natures(every, layout).items()}
    rng = np.random.default_rng([seed, layout.bits])
    sweep = rng.integers(0, 2**layout.bits, samples, layout.pattern_dtype)
    swept = {name: sweep[at] for name, at in float_natures(sweep, layout).items()}
    rare = max(samples // RARE_SHARE, 16)
    bits: dict[str, list[NDArray[Any]]] = {
        ZERO: [_both_signs([0], layout)],
        SUBNORMAL: [_subnormals(layout), _drawn(rng, 1, layout.smallest_normal, rare, layout)],
        NORMAL: [],
        INFINITY: [_both_signs([layout.infinity], layout)],
        QUIET_NAN: [
            _quiet_nans(layout),
            _drawn(rng, layout.infinity | layout.quiet_bit, layout.sign_mask, rare, layout),
        ],
        SIGNALLING_NAN: [
            _signalling_nans(layout),
            _drawn(rng, layout.infinity + 1, layout.infinity | layout.quiet_bit, rare, layout),
        ],
    }
    by_bits = {
        name: from_patterns(np.concatenate([*named, swept.get(name, sweep[:0])]), dtype) for name, named in bits.items()
    }
    classes = {
        ZERO: by_bits[ZERO],
        "limits": from_patterns(_limits(layout), dtype),
        "decimal": _numbers(HOSTILE, dtype),
        "whole": _numbers(WHOLE, dtype),
        "halfway": _halfway(rng, dtype, rare),
        "narrowing": _narrowing(dtype),
        "unit": rng.random(samples, dtype.type),
        NORMAL: by_bits[NORMAL],
        SUBNORMAL: np.concatenate([by_bits[SUBNORMAL], _numbers(HOSTILE_SUBNORMAL, dtype, subnormal=True)]),
    }
    return classes | {name: by_bits[name] for name in (INFINITY, QUIET_NAN, SIGNALLING_NAN)}


def _both_signs(magnitudes: Iterable[int], layout: FloatFormat) -> NDArray[Any]:
    positive = np.array(list(magnitudes), layout.pattern_dtype)
    return np.concatenate([positive, positive | layout.pattern_dtype.type(layout.sign_mask)])


def _drawn(rng: np.random.Generator, low: int, high: int, count: int, layout: FloatFormat) -> NDArray[Any]:
    """``count`` patterns with magnitudes in [low, high), half of them negative."""
    magnitudes = rng.integers(low, high, count, layout.pattern_dtype)
    magnitudes[::2] |= layout.pattern_dtype.type(layout.sign_mask)
    return magnitudes


def _subnormals(layout: FloatFormat) -> NDArray[Any]:
    top = layout.smallest_normal - 1
    return _both_signs([1, 2, 3, top // 2, top - 1, top], layout)


def _limits(layout: FloatFormat) -> NDArray[Any]:
    smallest, largest = layout.smallest_normal, layout.infinity - 1
    one = ((1 << (layout.exponent_bits - 1)) - 1) << layout.fraction_bits
    return _both_signs([smallest, smallest + 1, one - 1, one, one + 1, largest - 1, largest], layout)


def _quiet_nans(layout: FloatFormat) -> NDArray[Any]:
    first = layout.infinity | layout.quiet_bit
    return _both_signs([first, first | 1, first | (layout.quiet_bit >> 1), layout.sign_mask - 1], layout)


def _signalling_nans(layout: FloatFormat) -> NDArray[Any]:
    return _both_signs([layout.infinity | 1, layout.infinity | (layout.quiet_bit - 1)], layout)


def _numbers(numbers: Iterable[float], dtype: np.dtype[Any], *, subnormal: bool = False) -> NDArray[Any]:
    """Both signs of the nearest values of ``dtype``, without those it turns to zero, infinity, or the other kind."""
    with np.errstate(all="ignore"):
        values = np.array([*numbers], np.float64).astype(dtype)
    tiny = np.finfo(dtype).smallest_normal
    kept = values[(values != 0) & np.isfinite(values) & ((np.abs(values) < tiny) == subnormal)]
    kept = np.unique(kept)
    return np.concatenate([kept, -kept])


def _halfway(rng: np.random.Generator, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    """Values midway between two of the next narrower float, and their neighbours: where a detour rounds either way.

    1 + 2^-24 is the best known: midway between two float32.
    """
    narrow = np.dtype(np.float32) if dtype.itemsize == 8 else np.dtype(np.float16)
    low = np.concatenate([np.ones(1), rng.random(count)]).astype(narrow)
    high = np.nextafter(low, narrow.type(2))
    middle = (low.astype(dtype) + high.astype(dtype)) / dtype.type(2)
    infinity = dtype.type(np.inf)
    return np.concatenate([np.nextafter(middle, -infinity), middle, np.nextafter(middle, infinity)])


def _narrowing(dtype: np.dtype[Any]) -> NDArray[Any]:
    """Finite values that become infinite in a narrower float, and the last ones before them that do not."""
    edges = []
    for layout in FORMATS.values():
        if layout.bits < dtype.itemsize * 8:
            # Half a step beyond the largest finite value is the first to round up to infinity.
            largest = 2.0 ** (2 ** (layout.exponent_bits - 1) - 1) * (2 - 2.0**-layout.fraction_bits)
            midway = 2.0 ** (2 ** (layout.exponent_bits - 1) - 1) * (2 - 2.0 ** -(layout.fraction_bits + 1))
            edges += [dtype.type(largest), np.nextafter(dtype.type(midway), dtype.type(0)), dtype.type(midway)]
            edges.append(np.nextafter(dtype.type(midway), dtype.type(np.inf)))
    values = np.array(edges, dtype)
    values = np.unique(values[np.isfinite(values)])
    return np.concatenate([values, -values])


Indices = NDArray[np.intp]

ZERO, SUBNORMAL, NORMAL, INFINITY = "zero", "subnormal", "normal", "infinity"
QUIET_NAN, SIGNALLING_NAN = "quiet NaN", "signalling NaN"
#: Integers by the narrowest way of carrying them exactly: float32, float64, int64, uint64.
SMALL, BEYOND_24, BEYOND_53, BEYOND_63 = "to 2^24", "beyond 2^24", "beyond 2^53", "beyond 2^63"
ALL = "all"


def natures(values: NDArray[Any]) -> dict[str, Indices]:
    """Split a 1-D array: the flat indices of each nature that occurs. A complex number has its worse part's nature."""
    layout = float_format(values.dtype)
    if layout is not None:
        return float_natures(patterns(values), layout)
    if values.dtype.kind in "iu":
        return _integer_natures(values)
    if values.dtype.kind == "c":
        parts = values.view(values.real.dtype).reshape(-1, 2)
        return _worse_of(natures(parts[:, 0]), natures(parts[:, 1]), values.size)
    return {ALL: np.arange(values.size)} if values.size else {}


def float_natures(bits: NDArray[Any], layout: FloatFormat) -> dict[str, Indices]:
    """Split 1-D bit patterns of a float format by what they stand for."""
    kind = bits.dtype.type
    magnitude = bits & kind(layout.sign_mask - 1)
    infinity, normal = kind(layout.infinity), kind(layout.smallest_normal)
    quiet = (magnitude & kind(layout.quiet_bit)) != 0
    is_nan = magnitude > infinity
    return _present(
        {
            ZERO: magnitude == 0,
            SUBNORMAL: (magnitude > 0) & (magnitude < normal),
            NORMAL: (magnitude >= normal) & (magnitude < infinity),
            INFINITY: magnitude == infinity,
            QUIET_NAN: is_nan & quiet,
            SIGNALLING_NAN: is_nan & ~quiet,
        }
    )


def _integer_natures(values: NDArray[Any]) -> dict[str, Indices]:
    # The magnitude of a signed type's minimum fits only the unsigned type: negate there, not before.
    wide = values.astype(np.uint64)
    magnitude = np.where(values < 0, np.uint64(0) - wide, wide)
    limits = [np.uint64(2**24), np.uint64(2**53), np.uint64(2**63)]
    step = np.searchsorted(np.array(limits), magnitude, side="left")
    step[(step == 2) & (values > 0) & (magnitude == limits[2])] = 3  # -2^63 is an int64, 2^63 is not
    return _present({name: step == i for i, name in enumerate((SMALL, BEYOND_24, BEYOND_53, BEYOND_63))})


def _worse_of(one: dict[str, Indices], other: dict[str, Indices], size: int) -> dict[str, Indices]:
    order = [NORMAL, ZERO, SUBNORMAL, INFINITY, QUIET_NAN, SIGNALLING_NAN]
    rank = np.zeros(size, np.int8)
    for part in (one, other):
        for name, where in part.items():
            rank[where] = np.maximum(rank[where], order.index(name))
    return _present({name: rank == i for i, name in enumerate(order)})


def _present(masks: dict[str, NDArray[np.bool_]]) -> dict[str, Indices]:
    return {name: np.flatnonzero(mask) for name, mask in masks.items() if mask.any()}
