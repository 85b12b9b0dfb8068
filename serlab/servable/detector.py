"""An object detector: a uint8 image of any size in; boxes, scores, classes and their number out.

Three convolutions with random weights on the image resized to 160 x 160, one box per cell of 20 x 20, non-maximum
suppression. Names, dtypes and shapes are those of the TensorFlow Object Detection API's exports: ``input_tensor`` uint8
(n, height, width, 3); ``detection_boxes`` float32 (n, 100, 4) as ymin, xmin, ymax, xmax of 0 to 1,
``detection_scores`` and ``detection_classes`` float32 (n, 100), ``num_detections`` float32 (n,).
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from serlab.servable.representations import concrete
from serlab.servable.saving import Built, Weights, save_model

DETECTOR_MODEL = "detector"
INPUT = "input_tensor"
BOXES, SCORES, CLASSES, COUNT = "detection_boxes", "detection_scores", "detection_classes", "num_detections"
DETECTIONS = 100

_SEED = 12
_SIZE, _CELLS, _CLASSES = 160, 20, 10
_CHANNELS = (3, 16, 32, 64)
_BACKGROUND = 1
_PER_CLASS, _OVERLAP, _LEAST_SCORE = 20, 0.6, 0.05


def export_detector(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(DETECTOR_MODEL, path, _build)


def _build(tf: Any) -> Built:
    weights = Weights(tf, _SEED)
    kernels = [weights.draw(3, 3, before, after) for before, after in pairwise(_CHANNELS)]
    box_head = weights.draw(_CHANNELS[-1], 4)
    class_head = weights.draw(_CHANNELS[-1], _CLASSES + _BACKGROUND)
    cells = (tf.range(_CELLS, dtype=tf.float32) + 0.5) / _CELLS
    centres = tf.reshape(tf.stack(tf.meshgrid(cells, cells, indexing="ij"), -1), [1, _CELLS**2, 2])

    def detect(input_tensor: Any) -> dict[str, Any]:
        x = tf.image.resize(tf.cast(input_tensor, tf.float32), [_SIZE, _SIZE]) / 127.5 - 1.0
        for kernel in kernels:
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, strides=2, padding="SAME")) * 2**0.5
        x = tf.reshape(x, [-1, _CELLS**2, _CHANNELS[-1]])
        shift, size = tf.split(x @ box_head, 2, axis=-1)
        centre, half = centres + tf.tanh(shift) / _CELLS, tf.sigmoid(size) / 4
        corners = tf.clip_by_value(tf.concat([centre - half, centre + half], -1), 0.0, 1.0)
        scores = tf.nn.softmax(x @ class_head)[..., _BACKGROUND:]
        boxes, kept, classes, count = tf.image.combined_non_max_suppression(
            corners[:, :, None, :], scores, _PER_CLASS, DETECTIONS, _OVERLAP, _LEAST_SCORE
        )
        return {BOXES: boxes, SCORES: kept, CLASSES: classes + 1.0, COUNT: tf.cast(count, tf.float32)}

    image = tf.TensorSpec([None, None, None, 3], tf.uint8, name=INPUT)
    return weights.module, concrete(tf, detect, {INPUT: image})
