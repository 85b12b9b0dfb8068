"""A model that turns rows of float32 into class scores, offered through three signatures; readable without TensorFlow.

===================  ==================================================  ==========================================
``serving_default``  ``x``: float32 of shape (n, *features)              ``y``: float32 of shape (n, classes)
``bytes``            ``x``: n strings, a row's little-endian bytes each  ``y_bytes``: n strings, likewise
``classify``         ``x``: float32 of shape (n, *features)              ``class_id``: int64 of shape (n,), the best
===================  ==================================================  ==========================================

These are the names of the echo servable's first two signatures, so that a codec that knows its signature there can call
either. The graph of ``bytes`` decodes with ``tf.io.decode_raw``: over REST the client then sends ``{"b64": …}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Output by signature. All take ``x``; TensorFlow Serving answers base64 only for outputs that end in ``_bytes``.
OUTPUTS: Mapping[str, str] = MappingProxyType({"serving_default": "y", "bytes": "y_bytes", "classify": "class_id"})
INPUT = "x"
DTYPE = "float32"


@dataclass(frozen=True, slots=True)
class Classifier:
    """Name under which it is served, the shape of one row, the number of classes, the seed of its weights."""

    model: str
    features: tuple[int, ...]
    classes: int
    seed: int
