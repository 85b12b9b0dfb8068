"""A JPEG per image, as cameras and phones send them: ``jpeg:QUALITY``."""

from __future__ import annotations

import io
from typing import Any

from serlab.representations.base import Tensor
from serlab.representations.png import EncodedImages


class Jpeg(EncodedImages):
    """Baseline JPEG with halved colour resolution (4:2:0), Pillow's and most cameras' way.

    Decoded with the accurate DCT on both sides; the decoders still may differ by a level.
    """

    name = "jpeg"
    signature = "jpeg"
    meant_for = "images (n, height, width, 1 or 3): uint8, or float32 of 0 to 1"
    effect = "lossy: made for photographs, nothing is promised for a single value"
    channels = (1, 3)
    parameter = (90, range(1, 101))
    graph = """\
def restore(x):  # string (n,); the images of a batch are of one size
    def decode(file):
        return tf.io.decode_jpeg(file, dct_method="INTEGER_ACCURATE")

    pixels = tf.map_fn(decode, x, fn_output_signature=tf.TensorSpec([None, None, None], tf.uint8))
    return tf.cast(pixels, tf.float32) * (1 / 255)
"""

    def save(self, image: Any, file: io.BytesIO) -> None:
        """Write a JPEG of this quality."""
        image.save(file, "JPEG", quality=self.value)

    def bound_of(self, tensor: Tensor) -> float | None:
        """No promise."""
        return None
