"""``{"b64": …}`` of the raw bytes, one string per row, for a signature that takes strings and decodes them itself.

TensorFlow Serving takes ``{"b64": …}`` only where the signature's input is a string, and answers it only for outputs
whose name ends in ``_bytes`` (https://www.tensorflow.org/tfx/serving/api_rest#encoding_binary_values).
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable

import numpy as np

from serlab.codecs.base import Body, Call, Codec, Tensor
from serlab.codecs.rest_rows import request_head, rows_of
from serlab.errors import CodecError
from serlab.records.run import Form

_OPEN, _BETWEEN, _CLOSE = b'[{"b64":"', b'"},{"b64":"', b'"}]}'


class Base64Codec(Codec):
    """The standard library's base64; little-endian bytes, exact for every bit pattern."""

    name = "base64"
    transport = "rest"
    signature = "bytes"
    summary = '{"b64": …} of the raw bytes, stdlib base64, both ways'

    def __init__(self) -> None:
        self._b64encode: Callable[[memoryview | bytes], bytes] = base64.b64encode
        self._b64decode: Callable[[str], bytes] = base64.b64decode

    def encode(self, tensor: Tensor, call: Call) -> Body:
        """Return row-format JSON with one base64 string per element of the first dimension."""
        rows = _row_bytes(tensor)
        if not rows:
            return request_head(call) + b"[]}"
        return b"".join((request_head(call), _OPEN, _BETWEEN.join(map(self._b64encode, rows)), _CLOSE))

    def decode(self, body: Body, call: Call) -> Tensor:
        """Return the rows' bytes as ``(-1, *call.shape[1:])``, read-only."""
        return self._tensor(body, "predictions", call)

    def read_request(self, body: Body, call: Call) -> Tensor:
        """Return the instances."""
        return self._tensor(body, "instances", call)

    def write_response(self, tensor: Tensor, call: Call, form: Form | None = None) -> Body:
        """Return the predictions as TensorFlow Serving words strings: an object per row, on lines of its own."""
        rows = b", ".join(b'{\n            "b64": "%s"\n        }' % self._b64encode(row) for row in _row_bytes(tensor))
        return b'{\n    "predictions": [%s\n    ]\n}' % rows

    def _tensor(self, body: Body, key: str, call: Call) -> Tensor:
        try:
            rows = rows_of(json.loads(body), key, call)
            parts = [self._b64decode(row["b64"]) for row in rows]
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise CodecError(f"the body holds no base64 rows under {key!r}: {error}") from error
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        wire_dtype = call.dtype.newbyteorder("<")
        try:
            return np.frombuffer(data, wire_dtype).reshape(len(parts), *call.shape[1:])
        except ValueError as error:
            raise CodecError(f"{len(data)} bytes are not {len(parts)} rows of {call.dtype.name}: {error}") from error


def _row_bytes(tensor: Tensor) -> list[memoryview | bytes]:
    """Return each row's little-endian bytes, as views where the tensor already lies so in memory."""
    if tensor.dtype.hasobject:
        raise CodecError("an array of Python objects has no bytes to encode: give it a numeric dtype")
    if not tensor.ndim:
        raise CodecError("a scalar has no rows to encode: give the tensor a batch dimension")
    flat = np.ascontiguousarray(tensor, dtype=tensor.dtype.newbyteorder("<"))
    rows = flat.reshape(len(flat), math.prod(tensor.shape[1:]))
    return [row.data for row in rows.view(np.uint8)] if rows.size else [b""] * len(rows)
