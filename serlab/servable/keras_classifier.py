"""Exports a Keras classifier with its signatures; a plain ``tf.Module`` around the model loses its variables."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serlab.errors import ServableError, needs
from serlab.servable.classifier import DTYPE, INPUT, OUTPUTS, Classifier


def export_classifier(classifier: Classifier, build: Callable[[Any], Any], path: Path) -> None:
    """Write the SavedModel of the Keras model that ``build(keras)`` returns into the version folder ``path``.

    The weights are drawn from ``classifier.seed``; nothing is downloaded.

    Raises:
        MissingExtraError: TensorFlow is not installed.
        ServableError: the folder cannot be written.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    needs("tensorflow")
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(classifier.seed)
    archive = _archive(tf, keras, build(keras), classifier)
    try:
        archive.write_out(str(path), verbose=False)
    except (OSError, tf.errors.OpError) as error:
        raise ServableError(f"cannot write {classifier.model} to {path}: {error}") from error


def _archive(tf: Any, keras: Any, network: Any, classifier: Classifier) -> Any:
    def from_floats(x: Any) -> dict[str, Any]:
        return {OUTPUTS["serving_default"]: network(x, training=False)}

    def from_bytes(x: Any) -> dict[str, Any]:
        rows = tf.reshape(tf.io.decode_raw(x, tf.float32, little_endian=True), [-1, *classifier.features])
        return {OUTPUTS["bytes"]: _row_bytes(tf, network(rows, training=False), classifier.classes)}

    def best(x: Any) -> dict[str, Any]:
        return {OUTPUTS["classify"]: tf.argmax(network(x, training=False), -1)}

    archive = keras.export.ExportArchive()
    # Endpoints alone: tracking the model as well would write every weight twice.
    floats = tf.TensorSpec([None, *classifier.features], DTYPE, name=INPUT)
    archive.add_endpoint("serving_default", from_floats, input_signature=[floats])
    archive.add_endpoint("classify", best, input_signature=[floats])
    archive.add_endpoint("bytes", from_bytes, input_signature=[tf.TensorSpec([None], tf.string, name=INPUT)])
    return archive


def _row_bytes(tf: Any, scores: Any, classes: int) -> Any:
    """Return one string per row: a serialized TensorProto ends in its tensor_content, the bytes of all rows."""
    row_size = classes * scores.dtype.size
    proto = tf.io.serialize_tensor(scores)
    rows = tf.shape(scores)[0]
    first = tf.strings.length(proto) - rows * row_size
    return tf.strings.substr(proto, first + tf.range(rows) * row_size, tf.fill([rows], row_size))
