from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from serlab.embedded.rest.predict_response import write_predictions
from serlab.embedded.status import StatusError
from serlab.embedded.tensors import HighRankTensor


def _strings(*items: bytes) -> np.ndarray[Any, Any]:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def test_rows_are_on_one_line_each() -> None:
    body = write_predictions({"y": np.array([[1, 2.5], [3, -0.0]], np.float32)}, "row")
    assert body == b'{\n    "predictions": [[1.0, 2.5], [3.0, -0.0]\n    ]\n}'


def test_columns_put_every_number_on_its_own_line() -> None:
    body = write_predictions({"y": np.array([[[1], [2]], [[3], [4]]], np.int32)}, "columnar")
    lines = ['{', '    "outputs": [', "        [", "            [", "                1", "            ],",
             "            [", "                2", "            ]", "        ],", "        [", "            [",
             "                3", "            ],", "            [", "                4", "            ]",
             "        ]", "    ]", "}"]  # fmt: skip
    assert body.decode().split("\n") == lines


def test_several_outputs_make_objects() -> None:
    outputs = {"a": np.array([1, 2]), "b": np.array([[True], [False]])}
    row = write_predictions(outputs, "row")
    assert json.loads(row) == {"predictions": [{"a": 1, "b": [True]}, {"a": 2, "b": [False]}]}
    assert b'\n        {\n            "a": 1,\n            "b": [true]\n        },\n' in row
    column = write_predictions(outputs, "columnar")
    assert json.loads(column) == {"outputs": {"a": [1, 2], "b": [[True], [False]]}}


def test_what_is_not_finite_is_written_bare_and_subnormals_are_flushed() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 1e-45, -1e-45], np.float32)
    assert write_predictions({"y": values}, "row").split(b"[")[1].startswith(b"NaN, Infinity, -Infinity, 0.0, -0.0")
    doubles = np.array([5e-324, -5e-324, 0.1])
    assert b"[0.0, -0.0, 0.1\n" in write_predictions({"y": doubles}, "row")


def test_only_outputs_named_bytes_are_base64() -> None:
    strings = _strings(b"\xff", b'"')
    assert b'[{\n            "b64": "/w=="\n        }, {\n' in write_predictions({"y_bytes": strings}, "row")
    assert b'["\xff", "\\""\n' in write_predictions({"y": strings}, "row")


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3), (1, 2, 0)])
def test_arrays_without_elements_keep_their_shape(shape: tuple[int, ...]) -> None:
    empty = np.empty(shape, np.float16)
    for form, key in (("row", "predictions"), ("columnar", "outputs")):
        body = write_predictions({"y": empty}, form)  # type: ignore[arg-type]
        assert json.loads(body)[key] == empty.tolist()


def test_scalars_have_columns_but_no_rows() -> None:
    scalar = {"y": np.array(1.5, np.float32)}
    assert write_predictions(scalar, "columnar") == b'{\n    "outputs": 1.5\n}'
    with pytest.raises(StatusError, match="y has no shape information "):
        write_predictions(scalar, "row")


def test_unequal_batches_have_no_rows() -> None:
    with pytest.raises(StatusError, match="b has inconsistent batch size: 3 expecting: 2"):
        write_predictions({"a": np.zeros(2), "b": np.zeros(3)}, "row")


@pytest.mark.parametrize("dtype", ["float16", "uint16", "complex64"])
def test_some_dtypes_have_no_json(dtype: str) -> None:
    name = "half" if dtype == "float16" else dtype
    with pytest.raises(StatusError, match=f"Failed to write JSON value for tensor type: {name}"):
        write_predictions({"y": np.ones(1, dtype)}, "row")


@pytest.mark.parametrize("form", ["row", "columnar"])
def test_more_dimensions_than_numpy_has(form: Any) -> None:
    deep = HighRankTensor(np.array([1, 2], np.int32), (2, *[1] * 99))
    (nested,) = json.loads(write_predictions({"y": deep}, form)).values()
    assert len(nested) == 2
    for _ in range(99):
        nested = nested[-1]
    assert nested == [2]
