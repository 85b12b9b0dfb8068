"""Floats as TensorFlow Serving's request threads see them: with subnormals flushed to zero.

Its thread pool sets the processor's flush-to-zero and denormals-are-zero modes, and REST requests are parsed and
answered in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
