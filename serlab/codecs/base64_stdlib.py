"""``{"b64": …}`` of raw bytes, for inputs that take strings: a row of numbers a string, or the strings themselves.

TensorFlow Serving takes ``{"b64": …}`` only where the signature's input is a string, and answers it only for outputs
whose name ends in ``_bytes`` (https://www.tensorflow.org/tfx/serving/api_rest#encoding_binary_values).
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors, TensorSpec
from serlab.codecs.rest_json import take_apart, write_answer
from serlab.errors import CodecError
from serlab.records.call import STRING, string_array
from serlab.records.run import Form

_OPEN, _BETWEEN, _CLOSE = b'{"b64":"', b'"},{"b64":"', b'"}]}'


class Base64Codec(Codec):
    """The standard library's base64; little-endian bytes, exact for every bit pattern. Row format."""

    name = "base64"
    transport = "rest"
    route = "rest-base64"
    signature = "bytes"
    summary = '{"b64": …} of the raw bytes, stdlib base64, both ways'

    def __init__(self) -> None:
        self._b64encode: Callable[[memoryview | bytes], bytes] = base64.b64encode
        self._b64decode: Callable[[str], bytes] = base64.b64decode

    @classmethod
    def refusal(cls, tensors: Mapping[str, TensorSpec], call: Call, **parameters: str | int) -> str:  # noqa: ARG003
        """Return which input takes numbers, which no string can stand for."""
        for name, spec in call.inputs.items():
            if spec.dtype != STRING:
                return f"input {name!r} takes {spec.dtype}, and base64 travels only to inputs that take strings"
            if name in tensors and tensors[name].dtype != STRING and spec.packs is None:
                return f"input {name!r} takes strings, the payload has {tensors[name].dtype}"
        if len({spec.shape[:1] for spec in tensors.values()}) > 1:
            return "the row format needs one batch size for all inputs"
        return ""

    def encode(self, tensors: Tensors, call: Call) -> Body:
        """Return row-format JSON with one base64 string per element of the first dimension (per string, of strings)."""
        head = b'{"signature_name":%s,"instances":[' % json.dumps(call.signature).encode()
        if len(tensors) == 1:
            (tensor,) = tensors.values()
            rows = _BETWEEN.join(map(self._b64encode, _row_bytes(tensor)))  # each text is copied once
            return b"".join((head, _OPEN, rows, _CLOSE)) if len(tensor) else head + b"]}"
        columns = [self._texts(tensor) for tensor in tensors.values()]
        names = [json.dumps(name).encode() for name in tensors]
        if len({len(column) for column in columns}) > 1:
            raise CodecError("the row format needs one batch size for all inputs")
        named = map(partial(_object, names), zip(*columns, strict=True))
        return b"".join((head, b",".join(named), b"]}"))

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the rows' bytes as the numbers that the outputs pack, read-only; other outputs as JSON has them."""
        return self._tensors(body, "predictions", call.outputs)

    def read_request(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the inputs."""
        return self._tensors(body, "instances", call.inputs)

    def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
        """Return the predictions as TensorFlow Serving words strings: an object per row, on lines of its own."""
        if not all(spec.packs for spec in call.outputs.values()):
            return write_answer(tensors, "predictions")
        columns = {name: self._texts(tensor) for name, tensor in tensors.items()}
        if len(columns) == 1:
            (column,) = columns.values()
            rows = b", ".join(b'{\n            "b64": ' + text[7:-1] + b"\n        }" for text in column)
        else:
            names = [json.dumps(name).encode() for name in columns]
            rows = b", ".join(map(partial(_object, names), zip(*columns.values(), strict=True)))
        return b'{\n    "predictions": [%s\n    ]\n}' % rows

    def _texts(self, tensor: Tensor) -> list[bytes]:
        """Return the JSON of each row: ``{"b64":"…"}``, nested lists of it for strings of more than one dimension."""
        encode = self._b64encode
        return [b'{"b64":"%s"}' % encode(row) for row in _row_bytes(tensor)]

    def _tensors(self, body: Body, key: str, specs: Mapping[str, TensorSpec]) -> dict[str, Tensor]:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise CodecError(f"the body is not JSON: {error}") from error
        if len(specs) == 1:
            ((name, spec),) = specs.items()
            if spec.packs is not None:
                return {name: self._unpack(_rows(document, key, name), spec.packs, name)}
        found = take_apart(document, key, specs)
        return {
            name: self._view(tensor.reshape(-1).tolist(), specs[name].packs, name) if specs[name].packs else tensor
            for name, tensor in found.items()
        }

    def _unpack(self, rows: list[Any], packs: TensorSpec, name: str) -> Tensor:
        try:
            parts = [self._b64decode(row["b64"]) for row in rows]
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise CodecError(f"the body holds no base64 rows for {name!r}: {error}") from error
        return self._view(parts, packs, name)

    def _view(self, parts: list[bytes], packs: TensorSpec | None, name: str) -> Tensor:
        if packs is None:
            return string_array(parts, (len(parts),))
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        dtype = packs.numpy_dtype
        try:
            return np.frombuffer(data, dtype.newbyteorder("<")).reshape(len(parts), *packs.shape[1:])
        except ValueError as error:
            raise CodecError(f"{len(data)} bytes are not {len(parts)} rows of {dtype.name}: {error}") from error


def _object(names: list[bytes], row: tuple[bytes, ...]) -> bytes:
    return b"{%s}" % b",".join(b"%s:%s" % pair for pair in zip(names, row, strict=True))


def _rows(document: Any, key: str, name: str) -> list[Any]:
    rows = document.get(key) if isinstance(document, dict) else None
    if not isinstance(rows, list):
        reason = document.get("error") if isinstance(document, dict) else None
        raise CodecError(f"the body has no list {key!r}" + (f": the server says {reason!r}" if reason else ""))
    if rows and isinstance(rows[0], dict) and name in rows[0]:
        return [row.get(name) if isinstance(row, dict) else None for row in rows]
    return rows


def _row_bytes(tensor: Tensor) -> list[memoryview | bytes]:
    """Return each row's little-endian bytes, as views where the tensor already lies so in memory."""
    if not tensor.ndim:
        raise CodecError("a scalar has no rows to encode: give the tensor a batch dimension")
    if tensor.dtype.kind in "OSU":
        if tensor.ndim > 1:
            raise CodecError("base64 carries strings of one dimension, a row a string")
        return [_string_bytes(item) for item in tensor.tolist()]
    flat = np.ascontiguousarray(tensor, dtype=tensor.dtype.newbyteorder("<"))
    rows = flat.reshape(len(flat), math.prod(tensor.shape[1:]))
    return [row.data for row in rows.view(np.uint8)] if rows.size else [b""] * len(rows)


def _string_bytes(item: object) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, str):
        return item.encode()
    raise CodecError("an array of Python objects has no bytes to encode: give it a numeric dtype, or bytes")


class Base64SimdCodec(Base64Codec):
    """The same bodies as ``base64``, made and read faster."""

    name = "base64-simd"
    requires = ("pybase64",)
    summary = '{"b64": …} of the raw bytes, pybase64, both ways'

    def __init__(self) -> None:
        import pybase64

        self._b64encode = pybase64.b64encode
        self._b64decode = pybase64.b64decode
