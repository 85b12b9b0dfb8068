from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.errors import ServableError
from serlab.servable import cache, ensure_model, mlp
from serlab.servable.classifier import OUTPUTS, Classifier

tf = pytest.importorskip("tensorflow", reason="needs TensorFlow")

TINY = Classifier("tiny", features=(2, 3), classes=4, seed=7)


def tiny_network(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([keras.Input(TINY.features), layers.Flatten(), layers.Dense(TINY.classes)])


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Classifier], Any]:
    from serlab.servable.keras_classifier import export_classifier

    def load(classifier: Classifier) -> Any:
        path = tmp_path_factory.mktemp("servable") / "1"
        export_classifier(classifier, tiny_network, path)
        return tf.saved_model.load(str(path))

    return load


@pytest.fixture(scope="module")
def tiny(export: Callable[[Classifier], Any]) -> Any:
    return export(TINY)


@pytest.mark.parametrize("rows", [1, 3])
def test_bytes_in_give_the_same_scores_as_floats_in_row_by_row(tiny: Any, rows: int) -> None:
    x = np.random.default_rng(rows).random((rows, *TINY.features), dtype=np.float32)
    floats = tiny.signatures["serving_default"](x=tf.constant(x))["y"].numpy()
    strings = tiny.signatures["bytes"](x=tf.constant([row.tobytes() for row in x]))["y_bytes"].numpy()
    assert floats.shape == (rows, TINY.classes)
    assert np.array_equal(np.stack([np.frombuffer(row, np.float32) for row in strings]), floats)


def test_the_signatures_are_named_as_the_codecs_expect(tiny: Any) -> None:
    outputs = {name: list(tiny.signatures[name].structured_outputs) for name in tiny.signatures}
    assert {name: outputs[name] for name in OUTPUTS} == {name: [output] for name, output in OUTPUTS.items()}


def test_classify_names_the_best_class_of_each_row(tiny: Any) -> None:
    x = tf.constant(np.random.default_rng(5).random((4, *TINY.features), dtype=np.float32))
    scores = tiny.signatures["serving_default"](x=x)["y"].numpy()
    best = tiny.signatures["classify"](x=x)["class_id"].numpy()
    assert (best.dtype, best.tolist()) == (np.int64, scores.argmax(-1).tolist())


def test_bytes_that_are_not_whole_rows_are_refused_by_the_graph(tiny: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError):
        tiny.signatures["bytes"](x=tf.constant([b"\0" * 20]))


def test_the_seed_decides_the_weights(export: Callable[[Classifier], Any], tiny: Any) -> None:
    x = tf.constant(np.ones((1, *TINY.features), np.float32))

    def scores(model: Any) -> Any:
        return model.signatures["serving_default"](x=x)["y"].numpy()

    assert np.array_equal(scores(export(TINY)), scores(tiny))
    other = Classifier("tiny", TINY.features, TINY.classes, seed=8)
    assert not np.array_equal(scores(export(other)), scores(tiny))


def test_an_export_is_made_once_and_again_when_its_sources_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def export(path: Path) -> None:
        made.append(path)
        path.mkdir(parents=True)
        (path / "saved_model.pb").write_bytes(b"")

    first = cache.ensure_exported("m", ("mlp.py",), export, tmp_path)
    assert (first.name, (first / "1" / "saved_model.pb").is_file()) == ("m", True)
    assert cache.ensure_exported("m", ("mlp.py",), export, tmp_path) == first
    assert len(made) == 1
    assert cache.ensure_exported("m", ("resnet50.py",), export, tmp_path) != first
    assert len(made) == 2


def test_an_export_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def export(path: Path) -> None:
        path.mkdir(parents=True)
        raise ServableError("no")

    with pytest.raises(ServableError):
        cache.ensure_exported("m", ("mlp.py",), export, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("payload", mlp.MLPS)
def test_a_perceptron_takes_the_feature_vector_of_its_payload(payload: str) -> None:
    from serlab.payload import parse_payload

    classifier = mlp.MLPS[payload]
    base = ensure_model(classifier.model)
    model = tf.saved_model.load(str(base / "1"))
    x = parse_payload(payload).array()
    y = model.signatures["serving_default"](x=tf.constant(x))["y"].numpy()
    assert y.shape == (1, classifier.classes)
    assert y.sum() == pytest.approx(1, abs=1e-5)


def test_resnet50_gives_a_thousand_scores_that_depend_on_the_image() -> None:
    model = tf.saved_model.load(str(ensure_model("resnet50") / "1"))
    images = np.random.default_rng(0).random((2, 224, 224, 3), dtype=np.float32)
    scores = model.signatures["serving_default"](x=tf.constant(images))["y"].numpy()
    assert scores.shape == (2, 1000)
    assert scores.sum(axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert not np.array_equal(scores[0], scores[1])
