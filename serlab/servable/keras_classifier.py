"""Exports a Keras classifier with its signatures; a plain ``tf.Module`` around the model loses its variables."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serlab.errors import ServableError, needs
from serlab.servable.classifier import DTYPE, INPUT, OUTPUTS, Classifier
from serlab.servable.representations import signatures


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
    def scores(x: Any) -> dict[str, Any]:
        return {OUTPUTS["serving_default"]: network(x, training=False)}

    def best(x: Any) -> dict[str, Any]:
        return {OUTPUTS["classify"]: tf.argmax(network(x, training=False), -1)}

    floats = tf.TensorSpec([None, *classifier.features], DTYPE, name=INPUT)
    archive = keras.export.ExportArchive()
    # Endpoints alone: tracking the model as well would write every weight twice.
    archive.add_endpoint("classify", best, input_signature=[floats])
    for name, (function, specs) in signatures(tf, scores, {INPUT: floats}, raw_bytes=True).items():
        ((argument, spec),) = specs.items()
        archive.add_endpoint(name, _positional(function, argument), input_signature=[spec])
    return archive


def _positional(function: Callable[..., dict[str, Any]], argument: str) -> Callable[[Any], dict[str, Any]]:
    return lambda x: function(**{argument: x})
