"""The one list of the models that the lab serves: what each is, what exports it, what it is sent by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from serlab.errors import UnknownNameError
from serlab.servable.apart import apart
from serlab.servable.batched import BATCHED_MODEL
from serlab.servable.bert import BERT_MODEL
from serlab.servable.cache import ensure_exported
from serlab.servable.detector import DETECTOR_MODEL
from serlab.servable.embedding import EMBEDDING_MODEL
from serlab.servable.mlp import MLPS
from serlab.servable.resnet50 import RESNET50
from serlab.servable.signatures import ECHO_MODEL
from serlab.servable.sizes import SIZES_MODEL
from serlab.servable.tabular import TABULAR_MODEL
from serlab.servable.text import TEXT_MODEL

_REPRESENTED = ("representations.py", "raw_bytes.py")
_KERAS = ("classifier.py", "keras_classifier.py", *_REPRESENTED)


@dataclass(frozen=True, slots=True)
class LabModel:
    """A model of the lab's own: seeded, nothing downloaded, exported once per version of its sources.

    ``export`` is a file and function of this package that write it; ``sources`` are the files whose change makes
    another export. ``payload`` is what it is sent unless told otherwise: "" where its own signature says every size
    but the batch.
    """

    name: str
    description: str
    export: str
    sources: tuple[str, ...]
    payload: str = ""
    arguments: tuple[str, ...] = ()


def _models() -> dict[str, LabModel]:
    written = ("saving.py", *_REPRESENTED)
    listed = [
        LabModel(ECHO_MODEL, "any tensor in, the same tensor out", "echo:export_echo",
                 ("signatures.py", "echo.py", *written), "image"),
        LabModel(BERT_MODEL, "BERT-like encoder: ids, mask, types (int64 nx128) in, float32 nx128x256 out",
                 "bert:export_bert", ("bert.py", *written)),
        LabModel(DETECTOR_MODEL, "object detector: a uint8 image in; boxes, scores, classes and their number out",
                 "detector:export_detector", ("detector.py", *written), "image-u8"),
        LabModel(TABULAR_MODEL, "tabular model: 40 named columns (float32, int64, string) in, a probability out",
                 "tabular:export_tabular", ("tabular.py", *written)),
        LabModel(TEXT_MODEL, "text classifier: strings in, class names and scores out",
                 "text:export_text", ("text.py", *written)),
        LabModel(EMBEDDING_MODEL, "embedding model: 64 token ids in, float32 nx1024 out",
                 "embedding:export_embedding", ("embedding.py", *written)),
        LabModel(RESNET50.model, "ResNet-50, random weights: a float32 image in, 1,000 probabilities or one class out",
                 "resnet50:export_resnet50", (*_KERAS, "resnet50.py"), "image"),
        LabModel(BATCHED_MODEL, "a model worth batching: float32 nx256 in, nx16 out, a signature per batch setting",
                 "batched:export_batched", ("batched.py", "saving.py")),
        LabModel(SIZES_MODEL, "what laws are learnt from: big in small out, small in big out, echo",
                 "sizes:export_sizes", ("sizes.py", "saving.py"), "vector-1k"),
        *(LabModel(entry.model, f"perceptron: float32 nx{entry.features[0]} in, {entry.classes} probabilities out",
                   "mlp:export_mlp", (*_KERAS, "mlp.py"), payload, (entry.model,))
          for payload, entry in MLPS.items()),
    ]  # fmt: skip
    return {entry.name: entry for entry in listed}


#: The six that stand for what people serve.
REAL_MODELS = (BERT_MODEL, DETECTOR_MODEL, TABULAR_MODEL, TEXT_MODEL, RESNET50.model, EMBEDDING_MODEL)


def lab_models() -> Mapping[str, LabModel]:
    """Return every model of the lab by name."""
    return _MODELS


_MODELS = MappingProxyType(_models())


def ensure_model(name: str, cache: Path | None = None) -> Path:
    """Return the base folder of one of ``lab_models()`` (``…/<name>``, holding version ``1``), exporting it if need be.

    Raises:
        UnknownNameError: the lab has no such model.
        ServableError: TensorFlow is missing, or the cache cannot be written.
    """
    if name not in _MODELS:
        raise UnknownNameError("model of the lab", name, _MODELS)
    model = _MODELS[name]
    export = apart(f"serlab.servable.{model.export}", *model.arguments)
    return ensure_exported(name, model.sources, export, cache)


def ensure_echo(cache: Path | None = None) -> Path:
    """Return the base folder of the echo servable, exporting it if need be. Raises as ``ensure_model`` does."""
    return ensure_model(ECHO_MODEL, cache)
