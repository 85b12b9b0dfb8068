"""ResNet-50 with random weights: the forward pass costs what the trained one costs, and nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

from serlab.servable.classifier import Classifier

RESNET50 = Classifier("resnet50", features=(224, 224, 3), classes=1000, seed=50)


def export_resnet50(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``export_classifier`` does."""
    from serlab.servable.keras_classifier import export_classifier

    export_classifier(RESNET50, lambda keras: keras.applications.ResNet50(weights=None), path)
