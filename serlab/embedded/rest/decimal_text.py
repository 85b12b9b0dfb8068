"""Floats in decimal as TensorFlow Serving writes them over REST.

A float32 gets 6 significant digits (``%.6g``) where those read back as the same float32, else 9; a float64 6 or 17
(WriteDecimal in tensorflow_serving/util/json_tensor.cc). The text of a 6- or 9-digit decimal is the shortest text of
the double nearest to it, so float32 arrays are rounded to such doubles here, and any shortest-text writer does the
rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONG, _SHORT = 9, 6
#: Powers of ten up to 10^22 are exact in double; with them the vectorized rounding holds in this range.
_LOW, _HIGH = 1e-13, 1e28
_POW10 = np.array([float(f"1e{exponent}") for exponent in range(23)])
#: Rounded powers from 10^-32 on, to compare with: no float32 lies between a power of ten and its double.
_BOUNDS = np.array([float(f"1e{exponent}") for exponent in range(-32, 33)])
#: Scaled to 9 digits, a double is off by less than this; closer to a half, only exact arithmetic rounds right.
_NEAR_HALF = 1e-6


def decimal_doubles(floats: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the doubles whose shortest text is what TensorFlow Serving writes for ``floats``. Same shape.

    Zeros, infinities and NaN stay as they are.
    """
    doubles = floats.astype(np.float64)
    size = np.abs(doubles)
    regular = (size >= _LOW) & (size < _HIGH)
    everything = bool(regular.all())
    chosen = size if everything else size[regular]
    rounded, uncertain = _round(chosen)
    signed = np.copysign(rounded, doubles if everything else doubles[regular])
    if everything:
        result = signed
        rest = uncertain
    else:
        result = doubles
        result[regular] = signed
        rest = np.isfinite(doubles) & (doubles != 0) & ~regular
        rest[regular] |= uncertain
    for index in zip(*np.nonzero(rest), strict=True):
        result[index] = _round_exactly(floats[index])
    return result


def _round(size: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Round positive numbers, and tell which of them are too close to a half to be sure."""
    exponent = np.floor(np.log10(size)).astype(np.int64)
    # The logarithm may round up to the next power of ten, or down to the last.
    exponent -= size < _BOUNDS[exponent + 32]
    exponent += size >= _BOUNDS[exponent + 33]
    scaled = _times_power(size, _LONG - 1 - exponent)
    digits = np.rint(scaled)
    uncertain = np.abs(np.abs(scaled - digits) - 0.5) < _NEAR_HALF
    long = _times_power(digits, exponent - (_LONG - 1))
    short = _times_power(np.rint(_times_power(size, _SHORT - 1 - exponent)), exponent - (_SHORT - 1))
    return np.where(short.astype(np.float32) == size, short, long), uncertain


def _times_power(values: NDArray[np.float64], exponent: NDArray[np.int64]) -> NDArray[np.float64]:
    """Scale by 10^exponent with a single rounding: exact powers, multiplied or divided by."""
    powers: NDArray[np.float64] = _POW10[np.abs(exponent)]
    up = exponent >= 0
    if up.all():
        scaled: NDArray[np.float64] = values * powers
    elif not up.any():
        scaled = values / powers
    else:
        scaled = np.where(up, values * powers, values / powers)
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
    tiny = np.abs(doubles) < _FLOAT32_TINY
    if np.any(tiny & (doubles != 0)):
        floats = np.where(tiny, np.copysign(np.float32(0), floats), floats)
    return floats
