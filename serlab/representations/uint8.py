"""One byte per value: the 256 levels that an image's numbers came from before somebody divided them by 255."""

from __future__ import annotations

import numpy as np

from serlab.errors import RepresentationError
from serlab.representations.base import Tensor, TensorwiseRepresentation

LEVELS = 255
#: Multiplied, not divided: TensorFlow's optimizer makes a product of a division by a constant, with other last bits.
SCALE = np.float32(1 / LEVELS)
#: Half a step between levels, and the rounding of a float32 of up to 1.
STEP_BOUND = 0.5 / LEVELS + 2**-23


class Uint8(TensorwiseRepresentation):
    """Rounds float32 of 0 to 1 to the nearest of 256 levels; the graph casts and scales."""

    name = "uint8"
    signature = "uint8"
    meant_for = "float32 of 0 to 1"
    effect = "256 levels: off by at most 1/510; exact for images that were bytes"
    graph = """\
def restore(x):  # uint8, any shape
    return tf.cast(x, tf.float32) * (1 / 255)
"""

    def takes(self, tensor: Tensor) -> bool:
        """Any float32."""
        return tensor.dtype == np.float32

    def write(self, name: str, tensor: Tensor) -> Tensor:
        """Return the levels. Raises ``RepresentationError`` for values beyond 0 to 1."""
        return levels(name, tensor, self.spec)

    def read(self, sent: Tensor, like: Tensor) -> Tensor:
        """Return the levels as float32 of 0 to 1."""
        return from_levels(sent, like)

    def bound_of(self, tensor: Tensor) -> float | None:
        """Half a level."""
        return STEP_BOUND


def levels(name: str, tensor: Tensor, spec: str) -> Tensor:
    """Return float32 of 0 to 1 as uint8, rounded to nearest; uint8 as it is. ``spec`` is who asks.

    Raises:
        RepresentationError: values that are not between 0 and 1.
    """
    if tensor.dtype == np.uint8:
        return tensor
    if tensor.size and not (tensor.min() >= 0 and tensor.max() <= 1):
        raise RepresentationError(
            f"{spec} takes numbers from 0 to 1, and {name} holds {tensor.min():g} to {tensor.max():g}: scale it "
            "before, and back in the graph"
        )
    scaled = tensor * np.float32(LEVELS)
    scaled += np.float32(0.5)  # then cut: rounds to nearest, in half the time of rint
    return scaled.astype(np.uint8)


def from_levels(sent: Tensor, like: Tensor) -> Tensor:
    """Return uint8 as the dtype of ``like``: scaled to 0 to 1 for float32."""
    return sent if like.dtype == np.uint8 else sent.astype(np.float32) * SCALE
