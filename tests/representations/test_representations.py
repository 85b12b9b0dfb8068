"""What each representation sends, what comes back of it, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serlab.errors import RepresentationError, UnknownNameError
from serlab.representations import registry
from serlab.representations.registry import parse, parse_all

RNG = np.random.default_rng(4)
FLOATS = RNG.random((2, 16, 24, 3), np.float32)
PIXELS = RNG.integers(0, 256, (2, 16, 24, 3)).astype(np.uint8)
WORDS = np.array([b"", b"\xff\x00", b"plain"], object)

pytest.importorskip("PIL")


def worst(spec: str, tensor: Any) -> float:
    found = parse(spec)
    sent = found.apply({"x": tensor})
    back = found.undo(sent, {"x": tensor})["x"]
    assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
    return float(np.abs(back.astype(np.float64) - tensor.astype(np.float64)).max())


@pytest.mark.parametrize("spec", ["as-is", "uint8", "float16", "bfloat16", "png", "tf-example"])
def test_no_value_is_further_off_than_the_bound_says(spec: str) -> None:
    bound = parse(spec).bound({"x": FLOATS})
    assert bound is not None
    error = worst(spec, FLOATS)
    assert error <= bound
    assert error > bound / 3 or bound == 0, "a bound that says little"


@pytest.mark.parametrize("spec", ["float16", "bfloat16"])
def test_narrow_floats_keep_their_bound_at_every_size_and_keep_what_is_no_number(spec: str) -> None:
    for scale in (1e-9, 1e-3, 6e4):
        tensor = (RNG.standard_normal((1, 4000)) / 5 * scale).astype(np.float32)
        bound = parse(spec).bound({"x": tensor})
        assert bound is not None
        assert worst(spec, tensor) <= bound
    odd = np.array([[np.nan, np.inf, -np.inf, -0.0]], np.float32)
    found = parse(spec)
    back = found.undo(found.apply({"x": odd}), {"x": odd})["x"]
    assert np.array_equal(back, odd, equal_nan=True)
    assert np.signbit(back[0, 3])


def test_bytes_divided_by_255_survive_uint8_and_png_exactly() -> None:
    image = PIXELS.astype(np.float32) * np.float32(1 / 255)
    assert worst("uint8", image) == 0
    assert worst("png", image) == 0
    assert worst("png", PIXELS) == 0
    assert parse("png").bound({"x": PIXELS}) == 0


def test_jpeg_promises_nothing_and_quality_decides_its_size() -> None:
    smooth = np.linspace(0, 1, 64 * 64 * 3, dtype=np.float32).reshape(1, 64, 64, 3)
    assert parse("jpeg").bound({"x": smooth}) is None
    sizes = [len(parse(spec).apply({"x": FLOATS})["x"][0]) for spec in ("jpeg:10", "jpeg:50", "jpeg:95")]
    assert sizes == sorted(set(sizes))
    assert worst("jpeg:100", smooth) < 0.05


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_of_other_channels_travel(channels: int) -> None:
    pixels = RNG.integers(0, 256, (1, 9, 7, channels)).astype(np.uint8)
    assert worst("png", pixels) == 0


def test_a_tf_example_is_what_tensorflow_writes() -> None:
    tf = pytest.importorskip("tensorflow")
    tensors = {
        "b_floats": RNG.random((3, 2, 2), np.float32),
        "a_ids": np.array([[1, -1], [2**40, 0], [300, 127]]),
        "words": WORDS,
    }
    sent = parse("tf-example").apply(tensors)["examples"]
    for row, example in enumerate(sent):
        parsed = tf.train.Example.FromString(example).features.feature
        assert list(parsed["a_ids"].int64_list.value) == tensors["a_ids"][row].tolist()
        assert list(parsed["words"].bytes_list.value) == [WORDS[row]]
        floats = np.array(parsed["b_floats"].float_list.value, np.float32)
        assert floats.tobytes() == tensors["b_floats"][row].tobytes()
        again = tf.train.Example.FromString(example).SerializeToString(deterministic=True)
        assert again == example


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint32", "bool", "float32"])
def test_a_tf_example_is_exact_for_what_it_holds(dtype: str) -> None:
    tensor = RNG.integers(-100, 100, (2, 3)).astype(dtype)
    found = parse("tf-example")
    back = found.undo(found.apply({"x": tensor, "w": WORDS[:2]}), {"x": tensor, "w": WORDS[:2]})
    assert (back["x"].dtype, back["x"].tobytes()) == (tensor.dtype, tensor.tobytes())
    assert back["w"].tolist() == WORDS[:2].tolist()


@pytest.mark.parametrize(
    ("spec", "tensor", "message"),
    [
        ("uint8", np.array([[-3, 4]], np.float32), "uint8 takes numbers from 0 to 1, and x holds -3 to 4"),
        ("uint8", np.array([[np.nan]], np.float32), "takes numbers from 0 to 1"),
        ("jpeg", FLOATS * 255, "jpeg:90 takes numbers from 0 to 1"),
        ("float16", np.array([[7e4]], np.float32), "x holds 70000, which is infinite as float16"),
        ("bfloat16", np.array([[3.4e38]], np.float32), "which is infinite as bfloat16"),
        ("float16", np.array([[1, 2]]), "float16 takes float32, and the request holds x: int64 [1, 2]"),
        ("jpeg", np.zeros((1, 256), np.float32), "jpeg:90 takes images (n, height, width, 1 or 3)"),
        ("jpeg", np.zeros((1, 5, 5, 4), np.uint8), "takes images"),
        ("png", np.zeros((1, 0, 5, 3), np.uint8), "holds no image"),
        ("tf-example", np.zeros((1, 2)), "holds float32, int64 and strings, and x is float64"),
        ("tf-example", np.zeros((), np.float32), "no common rows: x []"),
    ],
)
def test_what_cannot_be_represented_is_refused_in_words(spec: str, tensor: Any, message: str) -> None:
    with pytest.raises(RepresentationError) as refused:
        parse(spec).apply({"x": tensor})
    assert message in str(refused.value)


def test_inputs_that_a_representation_is_not_meant_for_travel_as_they_are() -> None:
    tensors = {"image": PIXELS, "size": np.array([[16, 24]] * 2)}
    sent = parse("png").apply(tensors)
    assert sent["size"] is tensors["size"]
    assert sent["image"].shape == (2,)
    back = parse("png").undo(sent, tensors)
    assert np.array_equal(back["image"], PIXELS)
    assert back["size"] is tensors["size"]


def test_specs_are_read_back_and_mistakes_are_explained() -> None:
    assert [one.spec for one in parse_all(["uint8", "jpeg", "jpeg:75", "jpeg:90"])] == ["uint8", "jpeg:90", "jpeg:75"]
    assert {one.name for one in parse_all(["all"])} == set(registry.names())
    assert registry.names()[0] == "as-is"
    for spec in ("jpeg:0", "jpeg:101", "jpeg:", "jpeg:x", "jpeg:٣"):
        with pytest.raises(RepresentationError, match="from 1 to 100"):
            parse(spec)
    with pytest.raises(RepresentationError, match="takes no parameter"):
        parse("uint8:3")
    with pytest.raises(UnknownNameError, match="bfloat16"):
        parse("float8")


def test_every_file_of_a_representation_is_listed() -> None:
    from pathlib import Path

    helpers = {"__init__", "base", "registry"}
    files = {path.stem for path in Path(registry.__file__).parent.glob("*.py")} - helpers
    assert {type(parse(name)).__module__.rpartition(".")[2] for name in registry.names()} == files


def test_a_missing_library_is_named_and_left_out_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    from serlab.representations.png import EncodedImages

    monkeypatch.setattr(EncodedImages, "requires", ("no_such_library",))
    with pytest.raises(RepresentationError, match=r"jpeg needs no_such_library: pip install 'serlab\[images\]'"):
        parse("jpeg")
    assert {"jpeg", "png"}.isdisjoint(one.name for one in parse_all(["all"]))
