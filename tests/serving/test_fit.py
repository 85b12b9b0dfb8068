from __future__ import annotations

from typing import Any

import pytest

from serlab.errors import UnknownNameError, UsageError
from serlab.serving.model import FittedCall, ModelMetadata, SignatureInfo, TensorInfo, fit_call


def model(
    shape: Any = (-1, 4),
    dtype: Any = "float32",
    *,
    inputs: Any = ("x",),
    outputs: Any = ("y",),
    signatures: Any = ("serving_default",),
) -> Any:
    tensors = {name: TensorInfo(name, dtype, shape) for name in inputs}
    results = {name: TensorInfo(name, dtype, shape) for name in outputs}
    return ModelMetadata("m", 1, {name: SignatureInfo(name, tensors, results) for name in signatures})


@pytest.mark.parametrize(
    ("shape", "options", "payload"),
    [
        ((-1, 224, 224, 3), {}, "1x224x224x3:float32"),
        ((-1, 224, 224, 3), {"batch": 16}, "16x224x224x3:float32"),
        ((8, 4), {}, "8x4:float32"),
        ((8, 4), {"batch": 8}, "8x4:float32"),
        ((-1,), {"batch": 3}, "3:float32"),
        ((-1, -1), {"shape": (2, 7)}, "2x7:float32"),
        (None, {"shape": (2, 7, 1)}, "2x7x1:float32"),
        ((-1, 4), {"shape": (2, 4), "batch": 2, "dtype": "float32"}, "2x4:float32"),
    ],
)
def test_open_sizes_come_from_the_batch_or_the_payload(shape: Any, options: Any, payload: str) -> None:
    assert fit_call(model(shape), **options).payload == payload


def test_the_call_has_all_the_names() -> None:
    assert fit_call(model(dtype="int64"), batch=2) == FittedCall("m", "serving_default", "x", "y", "int64", (2, 4))


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((-1, -1), {}, r"x: float32 \[\?, \?\] leaves open more than the batch: give a shape with --payload"),
        (None, {}, "does not say its shape"),
        ((), {}, "is a scalar"),
        ((8, 4), {"batch": 3}, "no room for a batch of 3"),
        ((-1, 4), {"batch": 0}, "batch of 0"),
        ((-1, 4), {"shape": (1, 5)}, r"shape \[1, 5\] does not fit input x: float32 \[\?, 4\]"),
        ((-1, 4), {"shape": (1, 2, 2)}, "does not fit"),
        ((-1, 4), {"shape": (2, 4), "batch": 3}, "not both"),
        ((-1, 4), {"shape": (2, 4), "dtype": "int64"}, "the payload is int64, and the model wants x: float32"),
    ],
)
def test_a_payload_that_cannot_fit_says_what_the_model_wants(shape: Any, options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fit_call(model(shape), **options)


def test_a_string_input_leaves_the_numbers_to_the_payload() -> None:
    fitted = fit_call(model((-1,), "string"), shape=(1, 224, 224, 3), dtype="float32")
    assert fitted.payload == "1x224x224x3:float32"
    with pytest.raises(UsageError, match="does not say its shape"):
        fit_call(model((-1,), "string"))
    with pytest.raises(UsageError, match="say which numbers they are"):
        fit_call(model((-1,), "string"), shape=(1, 4))


def test_signatures_with_several_inputs_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"takes 2 inputs \(a: float32 \[\?, 4\]; b: float32 \[\?, 4\]\)"):
        fit_call(model(inputs=("a", "b")))


def test_one_of_several_outputs_is_picked_by_name() -> None:
    several = model(outputs=("sum", "diff"))
    assert fit_call(several, output="sum").output == "sum"
    with pytest.raises(UsageError, match=r"2 outputs.*it has: diff, sum"):
        fit_call(several)
    with pytest.raises(UsageError, match="no output 'z'"):
        fit_call(several, output="z")


def test_the_signature_is_the_named_one_the_default_or_the_only_one() -> None:
    both = model(signatures=("serving_default", "other"))
    assert fit_call(both).signature == "serving_default"
    assert fit_call(both, "other").signature == "other"
    assert fit_call(model(signatures=("only",))).signature == "only"
    with pytest.raises(UnknownNameError, match="choose from a, b"):
        fit_call(model(signatures=("a", "b")))
