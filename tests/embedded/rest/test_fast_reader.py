"""The fast reader may give up on a body, but what it reads is bit for bit what the exact reader reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("tensorflow")

from serlab.embedded.rest import fast_reader
from serlab.embedded.rest.document import parse_object, read_tensors, signature_name
from serlab.embedded.status import StatusError

_DATA_TYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int8": 6, "string": 7, "int64": 9, "uint32": 22}


@pytest.fixture(autouse=True)
def _small_bodies_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_reader, "MIN_BYTES", 0)


def _fast(body: bytes, dtype: str) -> Any:
    envelope = fast_reader.open_envelope(body)
    return envelope and fast_reader.read_array(envelope.array, _DATA_TYPES[dtype])


def _exact(body: bytes, dtype: str) -> NDArray[Any] | StatusError:
    infos: Mapping[str, Any] = {"x": _DATA_TYPES[dtype]}
    try:
        tensor = read_tensors(parse_object(body), infos)[1]["x"]
    except StatusError as error:
        return error
    assert isinstance(tensor, np.ndarray)
    return tensor


def _row_body(array: str) -> bytes:
    return b'{"instances":%b}' % array.encode()


def _nested(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        st.lists(values, min_size=1, max_size=4).map(lambda items: f"[{','.join(items)}]"),
        lambda inner: st.integers(1, 3).flatmap(lambda n: inner.map(lambda item: f"[{','.join([item] * n)}]")),
        max_leaves=4,
    )


_EXPONENTS = st.sampled_from(["", "e-7", "E5", "e+3", "e-46", "e38", "e-38", "e-310"])
_DECIMALS = st.builds(
    lambda sign, whole, fraction, exponent: f"{sign}{whole}{fraction}{exponent}",
    st.sampled_from(["", "-"]),
    st.integers(0, 10**25).map(str),
    st.one_of(st.just(""), st.integers(0, 10**25).map(lambda digits: f".{digits}")),
    _EXPONENTS,
)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(repr)
_FLOATS32 = st.floats(width=32, allow_nan=False, allow_infinity=False).map(repr)
#: Doubles a few units from the middle between two float32 neighbours: where rounding twice shows.
_MIDDLES = st.builds(
    lambda bits, off: repr(float((np.int64(bits) * 2**29 + 2**28 + off).view(np.float64))),
    st.integers(897 << 23, (1150 << 23) - 1),
    st.integers(-100, 100),
)
_ODD = st.sampled_from(["NaN", "-Infinity", "null", "true", '"1"', "[1]", "[]", "{}", "1e400", "-0", "01", "1.", ""])


@settings(max_examples=400)
@given(_nested(st.one_of(_DECIMALS, _FLOATS, _FLOATS32, _MIDDLES, _ODD)), st.sampled_from(["float32", "float64"]))
@example("[0.1,[0.2]]", "float32")
@example("[[1],[]]", "float32")
@example("[123456789012345678901234567890]", "float32")
@example("[1.1754943e-38,1.17549428e-38]", "float32")
def test_floats(array: str, dtype: str) -> None:
    _check(_row_body(array), dtype)


@settings(max_examples=300)
@given(
    _nested(st.one_of(st.integers(-(2**64), 2**64).map(str), st.integers(-300, 300).map(str), _ODD)),
    st.sampled_from(["int8", "uint8", "int32", "int64", "uint32"]),
)
@example("[2147483648]", "int32")
@example("[-129,255]", "int8")
@example("[1.0]", "int64")
def test_integers(array: str, dtype: str) -> None:
    _check(_row_body(array), dtype)


_ENCODED = st.binary(max_size=8).map(lambda data: base64.b64encode(data).decode())
_STRINGS = st.one_of(
    _ENCODED.map(lambda text: f'{{"b64":"{text}"}}'),
    _ENCODED.map(lambda text: f'{{ "b64" : "{text.rstrip("=")}" }}'),
    st.sampled_from(
        [
            '{"b64":"!"}',
            '{"b64":"A A="}',
            '{"b64":"\\u0041A"}',
            '{"b64":1}',
            '"plain"',
            '{"k":"AA"}',
            '{"b64":"AA","k":1}',
        ]
    ),
)


@settings(max_examples=200)
@given(st.lists(_STRINGS, min_size=1, max_size=4))
def test_base64_strings(rows: list[str]) -> None:
    _check(_row_body(f"[{','.join(rows)}]"), "string")


def _check(body: bytes, dtype: str) -> None:
    fast = _fast(body, dtype)
    if fast is None:
        return
    exact = _exact(body, dtype)
    assert not isinstance(exact, StatusError), exact
    assert (fast.dtype, fast.shape) == (exact.dtype, exact.shape)
    if dtype == "string":
        assert fast.tolist() == exact.tolist()
    else:
        assert fast.tobytes() == exact.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64", "string"])
def test_what_clients_send_is_read_fast(dtype: str) -> None:
    generator = np.random.default_rng(3)
    rows: Any
    if dtype == "string":
        rows = [{"b64": base64.b64encode(generator.bytes(48)).decode()} for _ in range(3)]
    elif dtype.startswith("float"):
        rows = generator.random((2, 5, 3)).astype(dtype).tolist()
    else:
        rows = generator.integers(0, 256, (2, 5, 3)).tolist()
    body = json.dumps({"signature_name": "s", "instances": rows}).encode()
    assert _fast(body, dtype) is not None
    _check(body, dtype)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('{"instances":[1]}', ("", "row", None)),
        ('{"signature_name":"s","instances":[1]}', ("s", "row", None)),
        (' { "inputs" : [1] , "signature_name" : "s" } ', ("s", "columnar", None)),
        ('{"inputs":{"x":[1]}}', ("", "columnar", "x")),
        ('{"inputs":{"x":[1]},"signature_name":"s"}', ("s", "columnar", "x")),
    ],
)
def test_the_envelope_tells_signature_format_and_input(text: str, parts: tuple[str, str, str | None]) -> None:
    envelope = fast_reader.open_envelope(text.encode())
    assert envelope is not None
    assert envelope[:3] == parts
    assert envelope.array == b"[1]"
    assert signature_name(parse_object(text.encode())) == parts[0]


@pytest.mark.parametrize(
    "text",
    [
        '{"instances":[1]} x',
        '{"instances":[1],"k":1}',
        '{"signature_name":"s","instances":[1],"signature_name":"t"}',
        '{"signature_name":"s\\u0041","instances":[1]}',
        '{"signature_name":"é","instances":[1]}',
        '{"instances":{"x":[1]}}',
        '{"inputs":{"x":[1]}',
        '{"inputs":[1]}}',
        '{"inputs":' + " " * 100 + "[1]}",
        '{"signature_name":5,"instances":[1]}',
        "[1]",
        "",
    ],
)
def test_other_envelopes_are_left_to_the_exact_reader(text: str) -> None:
    assert fast_reader.open_envelope(text.encode()) is None


@pytest.mark.parametrize(
    "text",
    ['{"instances":[1],"instances":[2]}', '{"instances":[1],"inputs":[2]}', '{"instances":[[1],[2,3]]}'],
)
def test_arrays_that_are_no_array_after_all_are_left_to_it_too(text: str) -> None:
    assert _fast(text.encode(), "float32") is None


def test_ragged_lists_of_any_size_reach_the_exact_readers_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[[0.5] * 3] * 100 for _ in range(20)]
    rows[19] = [*rows[19][:99], [0.5] * 2]
    body = json.dumps({"instances": rows}).encode()
    assert _fast(body, "float32") is None
    error = _exact(body, "float32")
    assert isinstance(error, StatusError)
    assert error.message == (
        "Failed to process element: 19 of 'instances' list. Error: INVALID_ARGUMENT: Encountered list at unexpected "
        "size: 2 at level: 1 expected size: 3"
    )


def test_floats_become_no_python_objects_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("the exact reader was asked")

    from serlab.embedded.rest import predict_request

    monkeypatch.setattr(predict_request, "_read_exactly", refuse)
    rows = np.random.default_rng(0).random((1, 8, 8, 3), np.float32).tolist()
    infos: Callable[[str], Mapping[str, Any]] = lambda _: {"x": 1}  # noqa: E731
    request = predict_request.read_predict(json.dumps({"instances": rows}).encode(), infos)
    assert request.tensors["x"].shape == (1, 8, 8, 3)
