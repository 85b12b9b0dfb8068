from __future__ import annotations

from typing import Any

import pytest

from serlab.errors import UnknownNameError, UsageError
from serlab.records.call import Call, TensorSpec
from serlab.serving.fit import Wish, fit_call, fit_payload, parse_dims, with_packed
from serlab.serving.model import ModelMetadata, SignatureInfo, TensorInfo


def model(
    shape: tuple[int, ...] | None = (-1, 4),
    dtype: str = "float32",
    *,
    inputs: tuple[str, ...] = ("x",),
    outputs: tuple[str, ...] = ("y",),
    signatures: tuple[str, ...] = ("serving_default",),
    optional: tuple[str, ...] = (),
) -> ModelMetadata:
    tensors = {name: TensorInfo(name, dtype, shape) for name in inputs}
    results = {name: TensorInfo(name, dtype, shape) for name in outputs}
    return ModelMetadata(
        "m", 1, {name: SignatureInfo(name, tensors, results, optional=frozenset(optional)) for name in signatures}
    )


BERT = ("ids", "mask", "types")


@pytest.mark.parametrize(
    ("metadata", "wish", "payload"),
    [
        (model((-1, 224, 224, 3)), Wish(), "1x224x224x3:float32"),
        (model((-1, 224, 224, 3)), Wish(batch=16), "16x224x224x3:float32"),
        (model((8, 4)), Wish(), "8x4:float32"),
        (model((8, 4)), Wish(batch=8), "8x4:float32"),
        (model((-1,)), Wish(batch=3), "3:float32"),
        (model((-1, -1), "int64"), Wish(dims={"x": 128}), "1x128:int64:integers"),
        (model((-1, -1, -1)), Wish(dims={"x.1": 5, "x.2": 7}), "1x5x7:float32"),
        (model((-1, -1), inputs=("a", "b")), Wish(batch=2, dims={"*": 9}), "a=2x9:float32,b=2x9:float32"),
        (model((-1, 128), "int64", inputs=BERT), Wish(),
         "ids=1x128:int64:integers,mask=1x128:int64:integers,types=1x128:int64:integers"),
        (model((), inputs=("x", "rate"), optional=("rate",)), Wish(), "x=scalar:float32"),
        (model((-1,), "string"), Wish(batch=2), "2:string"),
    ],
)  # fmt: skip
def test_a_payload_is_made_of_the_models_inputs(metadata: ModelMetadata, wish: Wish, payload: str) -> None:
    assert fit_payload(metadata, wish) == payload


@pytest.mark.parametrize(
    ("metadata", "wish", "message"),
    [
        (model((-1, -1)), Wish(), r"x: float32 \[\?, \?\] leaves open more than the batch: give --dim x=SIZE"),
        (model(None), Wish(), "does not say its shape"),
        (model((8, 4)), Wish(batch=3), "no room for a batch of 3"),
        (model((-1, 4)), Wish(batch=0), "batch of 0"),
        (model((-1, 4)), Wish(dims={"x.1": 5}), "no room for a size of 5"),
        (model((-1, 4)), Wish(dims={"z": 5}), "--dim z: no such input"),
        (model(inputs=("a:0", "b")), Wish(), "cannot spell"),
        (model(optional=("x",)), Wish(), "no input that must be given"),
    ],
)
def test_sizes_that_nobody_gave_or_that_contradict_are_named(metadata: ModelMetadata, wish: Wish, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fit_payload(metadata, wish)


def test_the_call_has_the_models_own_names_dtypes_and_shapes() -> None:
    spec = TensorSpec("int64", (2, 4))
    found = fit_call(model(dtype="int64"), Wish(version=3), {"": spec})
    assert found == Call("m", "serving_default", {"x": spec}, {"y": spec}, version=3)


def test_open_sizes_of_outputs_stay_open_but_for_the_batch() -> None:
    found = fit_call(model((-1, -1)), Wish(), {"x": TensorSpec("float32", (2, 7))})
    assert found.outputs["y"] == TensorSpec("float32", (2, -1))


@pytest.mark.parametrize(
    ("sent", "wish", "message"),
    [
        ({"": TensorSpec("float32", (1, 5))}, Wish(), r"shape \[1, 5\] does not fit input x: float32 \[\?, 4\]"),
        ({"": TensorSpec("float32", (1, 2, 2))}, Wish(), "does not fit"),
        ({"": TensorSpec("float32", (2, 4))}, Wish(batch=3), "not both"),
        ({"": TensorSpec("int64", (2, 4))}, Wish(), "the payload is int64, and the model wants x: float32"),
        ({"z": TensorSpec("float32", (2, 4))}, Wish(), "no input 'z'; it takes x"),
        ({}, Wish(), "the payload lacks x"),
    ],
)
def test_a_payload_that_cannot_fit_says_what_the_model_wants(sent: Any, wish: Wish, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fit_call(model(), wish, sent)


def test_one_tensor_for_several_inputs_is_refused_with_their_names() -> None:
    with pytest.raises(UsageError, match=r"takes 2 inputs \(a: float32 \[\?, 4\]; b: float32 \[\?, 4\]\)"):
        fit_call(model(inputs=("a", "b")), Wish(), {"": TensorSpec("float32", (1, 4))})


def test_inputs_with_a_default_may_be_left_out_or_given() -> None:
    several = model(inputs=("a", "b"), optional=("b",))
    spec = TensorSpec("float32", (1, 4))
    assert list(fit_call(several, Wish(), {"": spec}).inputs) == ["a"]
    assert list(fit_call(several, Wish(), {"b": spec, "a": spec}).inputs) == ["a", "b"]


def test_numbers_for_a_string_input_travel_as_bytes_and_come_back_so_from_an_echo_only() -> None:
    image = TensorSpec("float32", (2, 3))
    other = fit_call(model((-1,), "string"), Wish(), {"": image})
    assert other.outputs["y"] == TensorSpec("string", (2,))
    found = fit_call(model((-1,), "string"), Wish(), {"": image}, echoes=True)
    assert found.inputs["x"] == found.outputs["y"] == TensorSpec("string", (2,), packs=image)


def test_a_recorded_json_body_takes_the_models_dtypes() -> None:
    sent = {"x": TensorSpec("int64", (1, 4))}
    assert fit_call(model(dtype="int32"), Wish(), sent, says_dtypes=False).inputs["x"].dtype == "int32"


def test_outputs_are_all_or_those_that_were_named() -> None:
    several = model(outputs=("sum", "diff"))
    sent = {"": TensorSpec("float32", (1, 4))}
    everything = fit_call(several, Wish(), sent)
    assert (list(everything.outputs), everything.picks_outputs) == (["diff", "sum"], False)
    one = fit_call(several, Wish(outputs=("sum",)), sent)
    assert (list(one.outputs), one.picks_outputs) == (["sum"], True)
    with pytest.raises(UsageError, match="no output 'z', but diff, sum"):
        fit_call(several, Wish(outputs=("z",)), sent)


def test_the_signature_is_the_named_one_the_default_or_the_only_one() -> None:
    sent = {"": TensorSpec("float32", (1, 4))}
    both = model(signatures=("serving_default", "other"))
    assert fit_call(both, Wish(), sent).signature == "serving_default"
    assert fit_call(both, Wish("other"), sent).signature == "other"
    assert fit_call(model(signatures=("only",)), Wish(), sent).signature == "only"
    with pytest.raises(UnknownNameError, match="choose from a, b"):
        fit_call(model(signatures=("a", "b")), Wish(), sent)


@pytest.mark.parametrize("text", ["ids", "ids=", "=3", "ids=0", "ids=-1", "ids=x", "ids=99999999999"])
def test_a_dim_that_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="INPUT=SIZE"):
        parse_dims([text])


def test_dims_may_name_an_input_an_axis_or_all() -> None:
    assert parse_dims(["ids=128", "image.1=224", "*=7"]) == {"ids": 128, "image.1": 224, "*": 7}


def with_twin(*, output: str = "y_bytes", dtype: str = "string", name: str = "bytes") -> ModelMetadata:
    plain = model((-1, 4))
    twin = SignatureInfo(
        name, {"x": TensorInfo("x", "string", (-1,))}, {output: TensorInfo(output, dtype, (-1,))}, optional=frozenset()
    )
    return ModelMetadata("m", 1, {**plain.signatures, name: twin})


def test_codecs_that_send_rows_bytes_get_the_signature_that_takes_them() -> None:
    sent = {"x": TensorSpec("float32", (2, 4))}
    metadata = with_twin()
    call = with_packed(fit_call(metadata, Wish(), sent), metadata, sent)
    assert call.signature == "serving_default"
    assert call.packed
    assert call.packed.signature == "bytes"
    assert call.packed.inputs == {"x": TensorSpec("string", (2,), packs=TensorSpec("float32", (2, 4)))}
    assert call.packed.outputs == {"y_bytes": TensorSpec("string", (2,), packs=TensorSpec("float32", (2, 4)))}
    seen = call.seen_as({"y": (2, 4)})
    assert seen.packed == call.packed


@pytest.mark.parametrize(
    "metadata",
    [model((-1, 4)), with_twin(output="z_bytes"), with_twin(dtype="float32"), with_twin(name="other_bytes")],
    ids=["no twin", "another output", "numbers", "another signature's"],
)
def test_a_signature_that_is_no_twin_is_left_alone(metadata: ModelMetadata) -> None:
    sent = {"x": TensorSpec("float32", (2, 4))}
    call = fit_call(metadata, Wish(), sent)
    assert with_packed(call, metadata, sent) == call
