"""JSON made piece by piece while it is sent: the client never holds the whole request."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from serlab.codecs.base import Call, ChunkedCodec, Tensor, Tensors
from serlab.codecs.orjson_numpy import OrjsonCodec
from serlab.codecs.rest_json import json_value
from serlab.errors import CodecError

#: A piece is a row, an element of the first dimension; a row of more numbers than this is cut, so that memory is
#: bounded whatever the shape, and rows of fewer than the lower limit go together: sending one costs some microseconds.
MAX_PIECE_BYTES = 16 * 1024
MIN_PIECE_BYTES = 1024


class JsonChunkedCodec(ChunkedCodec, OrjsonCodec):
    """orjson on one row of a tensor after the other. At no time is there more text than that of two pieces.

    Several tensors need ``format=columnar``, where one stands after the other: rows would mix them.
    """

    name = "json-chunked"
    variant_of = "orjson"
    summary = "orjson row by row from numpy, sent with Transfer-Encoding: chunked / orjson.loads + np.array"

    def encode_chunks(self, tensors: Tensors, call: Call) -> Iterator[bytes]:
        """Yield the JSON. Raises ``CodecError`` before the first piece where a dtype cannot be written."""
        for tensor in tensors.values():
            self._text(tensor.reshape(-1)[:1])
        if len(tensors) > 1 and self._request_key == "instances":
            raise CodecError("several inputs cannot be sent row by row in pieces: use json-chunked:format=columnar")
        head = b'{"signature_name":%s,"%s":' % (self._orjson_dumps(call.signature), self._request_key.encode())
        if len(tensors) == 1:
            (tensor,) = tensors.values()
            yield from self._array(tensor, head, MIN_PIECE_BYTES)
            yield b"}"
            return
        head += b"{"
        for name, tensor in tensors.items():
            yield from self._array(tensor, head + self._orjson_dumps(name) + b":", MIN_PIECE_BYTES)
            head = b","
        yield b"}}"

    def _array(self, tensor: Tensor, prefix: bytes, together: int) -> Iterator[bytes]:
        """Yield ``prefix`` and the JSON array of ``tensor``; elements go together up to ``together`` bytes."""
        if tensor.nbytes <= together or tensor.ndim == 0:
            yield prefix + self._text(tensor)
            return
        prefix += b"["
        row_bytes = tensor.nbytes // len(tensor)
        if row_bytes > MAX_PIECE_BYTES:
            for row in tensor:
                yield from self._array(row, prefix, MAX_PIECE_BYTES)
                prefix = b","
        else:
            rows = max(1, together // row_bytes)
            for start in range(0, len(tensor), rows):
                # No local name holds the text: it must be gone when the next one is made.
                yield prefix + memoryview(self._text(tensor[start : start + rows]))[1:-1]
                prefix = b","
        yield b"]"

    def _text(self, part: Tensor) -> bytes:
        if part.dtype.kind in "OSU":
            return self._orjson_dumps(json_value(part))
        native = np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("="))
        try:
            return self._orjson_dumps(native if part.ndim else native.item(), option=self._option)
        except TypeError as error:
            raise CodecError(f"orjson cannot write {part.dtype.name}: {error}") from error
