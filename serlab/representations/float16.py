"""Floats of half the size: float16 and bfloat16."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from serlab.errors import RepresentationError
from serlab.representations.base import Tensor, TensorwiseRepresentation


class NarrowFloat(TensorwiseRepresentation):
    """Rounds float32 to a float of two bytes; the graph casts it back, which is exact."""

    meant_for = "float32"
    #: Bits of the significand, the implicit one included, and the smallest step there is.
    precision: ClassVar[int]
    smallest_step: ClassVar[float]

    graph = """\
def restore(x):  # any shape
    return tf.cast(x, tf.float32)
"""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """What travels."""

    def takes(self, tensor: Tensor) -> bool:
        """Any float32."""
        return tensor.dtype == np.float32

    def write(self, name: str, tensor: Tensor) -> Tensor:
        """Round to nearest, ties to even. Raises ``RepresentationError`` for numbers that would become infinite."""
        with np.errstate(over="ignore"):
            narrow = tensor.astype(self.dtype)
        grown = np.isinf(narrow) & np.isfinite(tensor)
        if grown.any():
            raise RepresentationError(f"{name} holds {tensor[grown].flat[0]:g}, which is infinite as {self.name}")
        return narrow

    def read(self, sent: Tensor, like: Tensor) -> Tensor:
        """Return it as float32."""
        return sent.astype(np.float32)

    def bound_of(self, tensor: Tensor) -> float | None:
        """Half a unit in the last place of the largest number: |x| · 2^-precision (round to nearest)."""
        largest = float(np.max(np.abs(tensor), initial=0, where=np.isfinite(tensor)))
        return max(largest * 2.0**-self.precision, self.smallest_step / 2)


class Float16(NarrowFloat):
    """Eleven bits of significand, up to 65,504."""

    name = "float16"
    signature = "float16"
    effect = "rounded to 11 bits: relative error up to 1/2048 (above 6e-5)"
    precision = 11
    smallest_step = 2.0**-24

    @property
    def dtype(self) -> np.dtype[Any]:
        """What travels."""
        return np.dtype(np.float16)


class Bfloat16(NarrowFloat):
    """Eight bits of significand, the range of float32."""

    name = "bfloat16"
    signature = "bfloat16"
    effect = "rounded to 8 bits: relative error up to 1/256"
    precision = 8
    smallest_step = 2.0**-126  # TensorFlow flushes smaller numbers to zero

    @property
    def dtype(self) -> np.dtype[Any]:
        """What travels: ml_dtypes' bfloat16."""
        import ml_dtypes

        dtype: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return dtype
