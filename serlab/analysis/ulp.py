"""Floats as ordered integers: a ULP distance is the number of representable steps between two values.

An IEEE 754 bit pattern without its sign bit grows with the magnitude it stands for, through subnormals,
normals and infinity alike (IEEE 754-2019, 3.4). Integers taken from the patterns therefore count steps
exactly, where a difference of floats would round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FloatFormat:
    """How a binary float lays out its bits: sign, ``exponent_bits``, ``fraction_bits``, from the top down."""

    name: str
    exponent_bits: int
    fraction_bits: int

    @property
    def bits(self) -> int:
        """Width of a pattern."""
        return 1 + self.exponent_bits + self.fraction_bits

    @property
    def pattern_dtype(self) -> np.dtype[Any]:
        """The unsigned integer dtype of a pattern."""
        return np.dtype(f"uint{self.bits}")

    @property
    def sign_mask(self) -> int:
        """The sign bit."""
        return 1 << (self.bits - 1)

    @property
    def infinity(self) -> int:
        """Pattern of +Inf; magnitudes above it are NaNs."""
        return ((1 << self.exponent_bits) - 1) << self.fraction_bits

    @property
    def smallest_normal(self) -> int:
        """Pattern of the smallest normal number; magnitudes below it, but for 0, are subnormals."""
        return 1 << self.fraction_bits

    @property
    def quiet_bit(self) -> int:
        """The fraction's top bit, which tells a quiet NaN from a signalling one (IEEE 754-2019, 6.2.1)."""
        return 1 << (self.fraction_bits - 1)


FORMATS: dict[str, FloatFormat] = {
    f.name: f
    for f in (
        FloatFormat("float16", 5, 10),
        FloatFormat("bfloat16", 8, 7),
        FloatFormat("float32", 8, 23),
        FloatFormat("float64", 11, 52),
    )
}


def float_format(dtype: np.dtype[Any]) -> FloatFormat | None:
    """The layout of a float dtype, None for a dtype not in ``FORMATS``."""
    return FORMATS.get(dtype.name)


def patterns(values: NDArray[Any]) -> NDArray[Any]:
    """The bit patterns of a float array: same shape, unsigned integers of the same width, native byte order.

    Raises ``TypeError`` for a dtype that is not one of ``FORMATS``.
    """
    layout = float_format(values.dtype)
    if layout is None:
        raise TypeError(f"no bit patterns are known for dtype {values.dtype}")
    native = np.ascontiguousarray(values).reshape(values.shape)
    if not native.dtype.isnative:
        native = native.byteswap().view(native.dtype.newbyteorder("="))
    return native.view(layout.pattern_dtype)


def from_patterns(bits: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The floats that unsigned patterns of ``dtype``'s width stand for; signalling NaNs stay signalling."""
    layout = float_format(dtype)
    if layout is None:
        raise TypeError(f"no bit patterns are known for dtype {dtype}")
    return np.ascontiguousarray(bits.astype(layout.pattern_dtype)).view(dtype).reshape(bits.shape)


def pattern_distance(one: NDArray[Any], other: NDArray[Any], layout: FloatFormat) -> NDArray[np.uint64]:
    """Steps between two floats, given as patterns; +0 and -0 are the same step, so 0 apart.

    Infinity is one step beyond the largest finite value. A NaN's distance to anything is meaningless.
    Magnitudes have at most 63 bits, so neither branch can overflow 64.
    """
    a, b = one.astype(np.uint64), other.astype(np.uint64)
    sign, magnitude = np.uint64(layout.sign_mask), np.uint64(layout.sign_mask - 1)
    same_side = (a & sign) == (b & sign)
    a, b = a & magnitude, b & magnitude
    return np.where(same_side, np.maximum(a, b) - np.minimum(a, b), a + b)
