"""Two bytes per value with float32's range: its upper half, rounded."""

from __future__ import annotations

from typing import Any

import numpy as np

from serlab.representations.float16 import NarrowFloat


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
