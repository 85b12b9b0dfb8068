"""The graph's half of the representations, against numpy's: what arrives is what ``undo`` says, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from serlab.representations.registry import names, parse
from serlab.servable import ECHO_MODEL, bert, ensure_model, tabular

tf = pytest.importorskip("tensorflow")
pytest.importorskip("PIL")

IMAGES = np.random.default_rng(6).random((2, 16, 24, 3), np.float32)
MODELS = (ECHO_MODEL, "mlp-1k", "detector", "tabular", "bert", "text", "embedding")
REPRESENTED = [name for name in names() if name != "as-is"]


@pytest.fixture(scope="module")
def core() -> Iterator[Any]:
    from serlab.embedded.config import ModelConfig
    from serlab.embedded.core import ServerCore

    opened = ServerCore([ModelConfig(name, ensure_model(name)) for name in MODELS])
    yield opened
    opened.close()


def answer(core: Any, model: str, name: str, inputs: Any) -> dict[str, Any]:
    from serlab.embedded.predict import run_predict
    from serlab.wire import ModelSpec

    _, outputs = run_predict(core.servable(ModelSpec(model)), name, inputs, inputs.__getitem__)
    return dict(outputs)


def raw(tensor: Any) -> Any:
    """One string of little-endian bytes per row; strings stay what they are."""
    return tensor if tensor.dtype == object else np.array([row.tobytes() for row in tensor], object)


@pytest.mark.parametrize("name", REPRESENTED)
def test_the_echo_restores_what_the_client_expects(core: Any, name: str) -> None:
    found = parse(name)
    sent = found.apply({"x": IMAGES})
    expected = found.undo(sent, {"x": IMAGES})["x"]
    arrived = answer(core, ECHO_MODEL, found.signature, sent)["y"]
    assert arrived.dtype == np.float32
    assert arrived.reshape(IMAGES.shape).tobytes() == expected.tobytes()
    in_bytes = answer(core, ECHO_MODEL, f"{found.signature}_bytes", {key: raw(value) for key, value in sent.items()})
    assert in_bytes["y_bytes"].tolist() == [row.tobytes() for row in expected]


@pytest.mark.parametrize("name", ["uint8", "float16", "bfloat16", "tf-example"])
def test_a_classifier_scores_the_restored_tensor(core: Any, name: str) -> None:
    found = parse(name)
    rows = np.random.default_rng(7).random((3, 256), np.float32)
    sent = found.apply({"x": rows})
    scores = answer(core, "mlp-1k", "serving_default", found.undo(sent, {"x": rows}))["y"]
    assert np.array_equal(answer(core, "mlp-1k", found.signature, sent)["y"], scores)
    in_bytes = answer(core, "mlp-1k", f"{found.signature}_bytes", {key: raw(value) for key, value in sent.items()})
    assert in_bytes["y_bytes"].tolist() == [row.tobytes() for row in scores]


@pytest.mark.parametrize("name", ["png", "jpeg"])
def test_the_detector_takes_image_files(core: Any, name: str) -> None:
    found = parse(name)
    images = {"input_tensor": (IMAGES * 255).astype(np.uint8)}
    sent = found.apply(images)
    plain = answer(core, "detector", "serving_default", found.undo(sent, images))
    for output, value in answer(core, "detector", found.signature, sent).items():
        assert np.array_equal(value, plain[output]), output


def test_models_of_several_inputs_take_one_example_per_row(core: Any) -> None:
    rows = np.arange(1, 3)
    columns: dict[str, Any] = {name: rows.astype(np.float32) for name in tabular.FLOATS}
    columns |= dict.fromkeys(tabular.INTEGERS, rows)
    columns |= {name: np.array([b"a", b"b"], object) for name in tabular.STRINGS}
    ids = np.random.default_rng(8).integers(0, 4096, (2, 128))
    cases = {
        "tabular": columns,
        "bert": dict.fromkeys(bert.INPUTS, ids),
        "text": {"text": np.array([b"a word", b""], object)},
        "embedding": {"ids": ids[:, :64]},
    }
    for model, tensors in cases.items():
        plain = answer(core, model, "serving_default", tensors)
        parsed = answer(core, model, "tf_example", parse("tf-example").apply(tensors))
        for output, value in plain.items():
            assert np.array_equal(value, parsed[output]), (model, output)


@pytest.mark.parametrize("name", REPRESENTED)
def test_the_code_to_add_to_a_servable_does_what_the_client_expects(name: str) -> None:
    found = parse(name)
    scope: dict[str, Any] = {"tf": tf}
    exec(found.code({"x": IMAGES}), scope)
    sent = found.apply({"x": IMAGES})
    (only,) = sent.values()
    restored = tf.function(scope["restore"])(tf.constant(only.tolist() if only.dtype == object else only))
    value = restored["x"] if isinstance(restored, dict) else restored
    assert value.numpy().tobytes() == found.undo(sent, {"x": IMAGES})["x"].tobytes()


def test_the_code_for_examples_has_the_models_inputs() -> None:
    tensors = {"a b": np.ones((2, 3), np.int32), "c": np.array([b"x", b"y"], object), "d": np.ones((2, 1), np.float32)}
    found, scope = parse("tf-example"), {"tf": tf}
    exec(found.code(tensors), scope)
    restored = scope["restore"](tf.constant(found.apply(tensors)["examples"].tolist()))
    for name, one in tensors.items():
        assert restored[name].numpy().tolist() == one.tolist()
        assert restored[name].numpy().dtype == one.dtype
