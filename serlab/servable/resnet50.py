"""ResNet-50 with random weights: the forward pass costs what the trained one costs, and nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

from serlab.servable.apart import apart
from serlab.servable.cache import ensure_exported
from serlab.servable.classifier import Classifier

RESNET50 = Classifier("resnet50", features=(224, 224, 3), classes=1000, seed=50)

_SOURCES = ("classifier.py", "keras_classifier.py", "resnet50.py")


def ensure_resnet50(cache: Path | None = None) -> Path:
    """Return the base folder of the ResNet-50 servable, exporting it if need be: about 5 s and 100 MB, once.

    Raises:
        ServableError: TensorFlow is missing, or the cache cannot be written.
    """
    return ensure_exported(RESNET50.model, _SOURCES, apart("serlab.servable.resnet50:export_resnet50"), cache)


def export_resnet50(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``export_classifier`` does."""
    from serlab.servable.keras_classifier import export_classifier

    export_classifier(RESNET50, lambda keras: keras.applications.ResNet50(weights=None), path)
