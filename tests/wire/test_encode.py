"""How requests are written: one copy of the numbers, whatever their layout, and nothing that cannot be carried."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any, cast

import ml_dtypes
import numpy as np
import pytest

from serlab.errors import CodecError
from serlab.wire import (
    ModelSpec,
    PredictEncoder,
    decode_predict,
    decode_request,
    encode_predict,
    encode_predict_parts,
    encode_response,
)

IMAGE = np.random.default_rng(0).random((1, 224, 224, 3), dtype=np.float32)
LAYOUTS = {
    "C": IMAGE,
    "Fortran": np.asfortranarray(IMAGE),
    "strided": np.repeat(IMAGE, 2, axis=3)[..., ::2],
    "reversed": IMAGE[:, ::-1].copy()[:, ::-1],
    "big-endian": IMAGE.astype(">f4"),
    "broadcast": np.broadcast_to(IMAGE[:, :1], IMAGE.shape),
}


def peak_of(call: Any) -> int:
    call()
    tracemalloc.start()
    kept = call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept
    return peak


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_numbers_are_copied_once_whatever_their_layout(layout: Any) -> None:
    array = LAYOUTS[layout]
    prepared = PredictEncoder("m", {"x": array})
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: encode_predict("m", {"x": array}),
        lambda: prepared.encode({"x": array}),
    )
    for encode in ways:
        assert peak_of(encode) < 1.05 * array.nbytes
        assert decode_request(encode()).inputs["x"].tobytes() == array.astype("<f4").tobytes()


def test_an_answer_in_content_form_is_copied_once() -> None:
    assert peak_of(lambda: encode_response({"y": IMAGE}, form="content")) < 1.05 * IMAGE.nbytes


def test_parts_hold_the_numbers_themselves() -> None:
    array = IMAGE.copy()
    parts = encode_predict_parts("m", {"x": array, "z": array[0]}, output_filter=["y"])
    views = [part for part in parts if isinstance(part, memoryview)]
    assert [np.shares_memory(np.asarray(view), array) for view in views] == [True, True]
    assert all(view.readonly and view.format == "B" and view.contiguous for view in views)
    assert b"".join(parts) == encode_predict("m", {"x": array, "z": array[0]}, output_filter=["y"])
    assert peak_of(lambda: encode_predict_parts("m", {"x": array})) < 0.01 * array.nbytes


@pytest.mark.parametrize("layout", LAYOUTS)
def test_parts_of_any_layout_make_the_same_body(layout: Any) -> None:
    array = LAYOUTS[layout]
    assert b"".join(encode_predict_parts("m", {"x": array})) == encode_predict("m", {"x": array})


def test_a_request_says_which_model_version_label_signature_and_outputs() -> None:
    x = {"x": np.zeros(1, np.float32)}
    request = decode_request(encode_predict("m", x, signature="s", version=3, output_filter=("a", "b")))
    assert (request.model, request.output_filter) == (ModelSpec("m", "s", 3), ("a", "b"))
    assert decode_request(encode_predict("m", x, label="stable")).model == ModelSpec("m", label="stable")
    assert decode_request(encode_predict("m", x, version=0)).model.version == 0
    assert decode_request(encode_predict("m", x, version=cast(int, np.int64(7)))).model.version == 7


def test_inputs_keep_their_order_and_names() -> None:
    inputs: dict[str, np.ndarray] = {"ö": np.zeros(1), "a": np.ones(2, np.int8), "": np.array(True)}
    decoded = decode_request(encode_predict("m", inputs)).inputs
    assert list(decoded) == ["ö", "a", ""]
    assert decoded[""].shape == ()


def test_numpy_scalars_are_tensors_without_dimensions() -> None:
    assert decode_request(encode_predict("m", {"x": cast(np.ndarray, np.float32(1.5))})).inputs["x"].tolist() == 1.5


def test_bfloat16_of_any_layout_keeps_its_bits() -> None:
    bits = np.arange(0, 2**16, 7, dtype=np.uint16)[:9360].reshape(90, 104)
    array = bits.view(ml_dtypes.bfloat16)
    for layout in (array, array.T, array[::-1, ::3]):
        for form in ("values", "content"):
            decoded = decode_predict(encode_response({"y": layout}, form=form)).outputs["y"]
            assert decoded.dtype == ml_dtypes.bfloat16
            assert decoded.tobytes() == np.ascontiguousarray(layout).tobytes()
        assert PredictEncoder("m", {"x": layout}).encode({"x": layout}) == encode_predict("m", {"x": layout})
        assert b"".join(encode_predict_parts("m", {"x": layout})) == encode_predict("m", {"x": layout})


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ([1.0, 2.0], "list"),
        (1.0, "float"),
        (np.zeros(2, "datetime64[s]"), "datetime64"),
        (np.zeros(2, np.longdouble), "float128|longdouble|float96"),
        (np.zeros(2, [("a", "i4")]), "no type"),
        (np.zeros(2, ml_dtypes.int4), "int4"),
        (np.array([b"a", 1], object), "int"),
        (np.array(["\ud800"], object), "UTF-8"),
    ],
)
def test_what_tensorflow_has_no_type_for_is_refused(value: Any, word: str) -> None:
    with pytest.raises(CodecError, match=word):
        encode_predict("m", {"x": value})


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"version": 1, "label": "stable"}, "exclude"),
        ({"version": 2**63}, "64-bit"),
        ({"signature": "\udc80"}, "UTF-8"),
        ({"output_filter": "y"}, "list"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: Any, word: str) -> None:
    x = {"x": np.zeros(1, np.float32)}
    for encode in (encode_predict, encode_predict_parts, PredictEncoder):
        with pytest.raises(CodecError, match=word):
            encode("m", x, **settings)


def test_an_unknown_form_is_refused_by_name() -> None:
    with pytest.raises(CodecError, match="'packed'"):
        encode_response({}, form="packed")  # type: ignore[arg-type]


def test_two_gibibytes_are_refused_before_they_are_copied() -> None:
    huge = np.broadcast_to(np.float32(0), (2**29,))  # takes four bytes here
    for encode in (encode_predict, encode_predict_parts, PredictEncoder):
        with pytest.raises(CodecError, match="2 GiB"):
            encode("m", {"x": huge})


class TestPredictEncoder:
    def test_writes_what_encode_predict_writes(self) -> None:
        settings: Any = {"signature": "s", "version": 2, "output_filter": ["y"]}
        inputs: dict[str, np.ndarray] = {
            "a": IMAGE,
            "b": np.arange(6, dtype=np.int16).reshape(2, 3),
            "c": np.zeros((0, 2), bool),
        }
        encoder = PredictEncoder("m", inputs, **settings)
        assert encoder.encode(inputs) == encode_predict("m", inputs, **settings)
        other = {name: array[::-1].copy() for name, array in inputs.items()}
        assert encoder.encode(other) == encode_predict("m", other, **settings)

    def test_may_have_no_inputs(self) -> None:
        assert PredictEncoder("m", {}, output_filter=["y"]).encode({}) == encode_predict("m", {}, output_filter=["y"])

    @pytest.mark.parametrize(
        "inputs",
        [
            {"x": np.zeros((2, 3), np.float64)},
            {"x": np.zeros((3, 2), np.float32)},
            {"x": np.zeros((2, 3), ">f4")},
            {"y": np.zeros((2, 3), np.float32)},
            {},
            {"x": np.zeros((2, 3), np.float32), "y": np.zeros(1)},
        ],
    )
    def test_refuses_what_it_was_not_prepared_for(self, inputs: Any) -> None:
        encoder = PredictEncoder("m", {"x": np.zeros((2, 3), np.float32)})
        with pytest.raises(CodecError, match="prepared"):
            encoder.encode(inputs)

    def test_refuses_strings_whose_length_is_not_fixed(self) -> None:
        with pytest.raises(CodecError, match="encode_predict"):
            PredictEncoder("m", {"x": np.array([b"a"])})
