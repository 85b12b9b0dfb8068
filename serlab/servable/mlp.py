"""Small multilayer perceptrons for feature vectors of 1 KB and 10 KB: models so cheap that moving the vector counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from serlab.servable.classifier import Classifier

#: The perceptron for each payload of the catalogue that is a feature vector.
MLPS: Mapping[str, Classifier] = MappingProxyType(
    {
        "vector-1k": Classifier("mlp-1k", features=(256,), classes=10, seed=1),
        "vector-10k": Classifier("mlp-10k", features=(2560,), classes=10, seed=10),
    }
)
HIDDEN_UNITS = (64, 32)


def export_mlp(model: str, path: Path) -> None:
    """Write the one of ``MLPS`` called ``model`` into the version folder ``path``.

    Raises:
        ServableError: TensorFlow is missing, or the folder cannot be written.
    """
    from serlab.servable.keras_classifier import export_classifier

    (classifier,) = [entry for entry in MLPS.values() if entry.model == model]
    export_classifier(classifier, lambda keras: _network(keras, classifier), path)


def _network(keras: Any, classifier: Classifier) -> Any:
    hidden = [keras.layers.Dense(units, activation="relu") for units in HIDDEN_UNITS]
    scores = keras.layers.Dense(classifier.classes, activation="softmax")
    return keras.Sequential([keras.Input(classifier.features), *hidden, scores])
