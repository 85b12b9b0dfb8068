"""What kind of value each element is: the classes by which a tensor of unknown content is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.ulp import FloatFormat, float_format, patterns

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
