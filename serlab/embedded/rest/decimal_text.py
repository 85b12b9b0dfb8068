"""Floats in decimal as TensorFlow Serving writes them over REST.

A float32 gets 6 significant digits (``%.6g``) where those read back as the same float32, else 9; a float64 6 or 17
(WriteDecimal in tensorflow_serving/util/json_tensor.cc). The text of a 6- or 9-digit decimal is the shortest text of
the double nearest to it, so float32 arrays are rounded to such doubles here, and any shortest-text writer does the
rest.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONG, _SHORT = 9, 6
#: Powers of ten up to 10^22 are exact in double; with them the vectorized rounding holds from 2^-43 to below 2^93.
_POW10 = np.array([float(f"1e{exponent}") for exponent in range(23)])
_BIAS = 127
#: Numbers at a time: what is worked out in between stays in the cache, and in memory that is used again.
_CHUNK = 8192
_LOW, _HIGH = _BIAS - 43, _BIAS + 93
#: By a float32's biased exponent: the decimal exponent of the lower end of its binade, and the next power of ten, to
#: compare with. It may be rounded: no float32 lies between a power of ten and its double.
_DECADE = np.array([math.floor((biased - _BIAS) * math.log10(2)) for biased in range(256)])
_NEXT = np.array([float(f"1e{decade + 1}") for decade in _DECADE])
#: Scaled to 9 digits, a double is off by less than this; closer to a half, only exact arithmetic rounds right.
_NEAR_HALF = 1e-6


def decimal_doubles(floats: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the doubles whose shortest text is what TensorFlow Serving writes for ``floats``. Same shape.

    Zeros, infinities and NaN stay as they are.
    """
    flat = floats.reshape(-1)
    result = np.empty(flat.size)
    for start in range(0, flat.size, _CHUNK):
        result[start : start + _CHUNK] = _decimal_doubles(flat[start : start + _CHUNK])
    return result.reshape(floats.shape)


def _decimal_doubles(floats: NDArray[np.float32]) -> NDArray[np.float64]:
    doubles = floats.astype(np.float64)
    size = np.abs(doubles)
    biased = (floats.view(np.int32) >> 23 & 0xFF).astype(np.intp)
    if biased.min(initial=_LOW) >= _LOW and biased.max(initial=_LOW) < _HIGH:
        rounded, uncertain = _round(size, biased)
        result, rest = np.copysign(rounded, doubles), uncertain
    else:
        regular = (biased >= _LOW) & (biased < _HIGH)
        rounded, uncertain = _round(size[regular], biased[regular])
        result = doubles.copy()
        result[regular] = np.copysign(rounded, doubles[regular])
        rest = np.isfinite(doubles) & (doubles != 0) & ~regular
        rest[regular] |= uncertain
    if rest.any():
        for index in np.flatnonzero(rest):
            result[index] = _round_exactly(floats[index])
    return result


def _round(size: NDArray[np.float64], biased: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Round positive numbers, and tell which of them are too close to a half to be sure."""
    exponent = _DECADE.take(biased)
    exponent += size >= _NEXT.take(biased)
    scaled = _times_power(size, _LONG - 1 - exponent)
    digits = np.rint(scaled)
    scaled -= digits
    uncertain = np.abs(scaled, out=scaled) > 0.5 - _NEAR_HALF
    long = _times_power(digits, exponent - (_LONG - 1))
    short = _times_power(np.rint(_times_power(size, _SHORT - 1 - exponent)), exponent - (_SHORT - 1))
    np.copyto(long, short, where=short.astype(np.float32) == size)
    return long, uncertain


def _times_power(values: NDArray[np.float64], exponent: NDArray[np.int64]) -> NDArray[np.float64]:
    """Scale by 10^exponent with a single rounding: exact powers, multiplied or divided by."""
    if exponent.min(initial=0) >= 0:
        scaled: NDArray[np.float64] = values * _POW10.take(exponent)
    elif exponent.max(initial=-1) < 0:
        scaled = values / _POW10.take(-exponent)
    else:
        powers = _POW10.take(np.abs(exponent))
        scaled = np.where(exponent >= 0, values * powers, values / powers)
    return scaled


def _round_exactly(value: np.float32) -> float:
    short = float(f"{float(value):.{_SHORT}g}")
    return short if np.float32(short) == value else float(f"{float(value):.{_LONG}g}")


#: Doubles below this become zero as float32: rounded to 24 bits they are still below the smallest normal float32.
_FLOAT32_TINY = 2.0**-126 - 2.0**-151


def flushed(array: NDArray[Any]) -> NDArray[Any]:
    """Return a float array with subnormals replaced by zeros of the same sign; the array itself if it has none."""
    tiny = np.abs(array) < np.finfo(array.dtype).smallest_normal
    if not np.any(tiny & (array != 0)):
        return array
    return np.where(tiny, np.copysign(array.dtype.type(0), array), array)


def to_float32(doubles: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round doubles to float32, too large ones to infinity, with subnormal results flushed to zero."""
    with np.errstate(over="ignore", invalid="ignore"):
        floats = doubles.astype(np.float32)
    size = np.abs(doubles)
    if size.min(initial=np.inf) >= _FLOAT32_TINY:  # not so where there is a NaN
        return floats
    tiny = size < _FLOAT32_TINY
    if np.any(tiny & (doubles != 0)):
        floats = np.where(tiny, np.copysign(np.float32(0), floats), floats)
    return floats
