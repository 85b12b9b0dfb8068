"""orjson on Python lists, straight from the numpy buffer with no Python object per number, and that with gzip.

TensorFlow Serving inflates gzip request bodies of up to 100 MiB and never compresses its answers
(tensorflow_serving/util/net_http/server/internal/evhttp_request.cc), so only the request shrinks.
"""

from __future__ import annotations

import gzip
import zlib
from typing import Any, ClassVar

import numpy as np

from serlab.codecs.base import Body, Call, GzipBody, Tensor, Tensors
from serlab.codecs.json_stdlib import JsonCodec
from serlab.codecs.rest_json import json_value
from serlab.errors import CodecError, UsageError


class JsonOrjsonListCodec(JsonCodec):
    """orjson on Python lists; it writes NaN and infinities as ``null`` and refuses to read them bare."""

    name = "json-orjson-list"
    requires: ClassVar[tuple[str, ...]] = ("orjson",)
    summary = ".tolist() + orjson.dumps / orjson.loads + np.array"

    def __init__(self, format: str = "row") -> None:
        super().__init__(format)
        import orjson

        self._orjson_dumps, self._orjson_loads = orjson.dumps, orjson.loads

    def _dumps(self, document: Any) -> bytes:
        return self._orjson_dumps(document)

    def _loads(self, body: bytes) -> Any:
        return self._orjson_loads(body)


class OrjsonCodec(JsonOrjsonListCodec):
    """float32 is written with the shortest text that reads back as the same float32."""

    name = "orjson"
    summary = "orjson OPT_SERIALIZE_NUMPY / orjson.loads + np.array"

    def __init__(self, format: str = "row") -> None:
        super().__init__(format)
        from orjson import OPT_SERIALIZE_NUMPY

        self._option = OPT_SERIALIZE_NUMPY

    def _value(self, tensor: Tensor) -> Any:
        """Return the array itself; one that is not C-contiguous and native is copied first."""
        if tensor.dtype.kind in "OSU":
            return json_value(tensor)
        if not tensor.ndim:
            return tensor[()]
        return np.ascontiguousarray(tensor, dtype=tensor.dtype.newbyteorder("="))

    def _dumps(self, document: Any) -> bytes:
        return self._orjson_dumps(document, option=self._option)


#: zlib's own default, what most clients and proxies compress with.
DEFAULT_LEVEL = 6


class OrjsonGzipCodec(OrjsonCodec):
    """The same text as ``orjson``, in one gzip member of compression level 0 to 9."""

    name = "orjson-gzip"
    variant_of = "orjson"
    summary = "orjson from numpy + gzip / orjson.loads + np.array"
    parameters: ClassVar[dict[str, str | int]] = {"format": "row", "level": DEFAULT_LEVEL}

    def __init__(self, format: str = "row", level: int = DEFAULT_LEVEL) -> None:
        super().__init__(format)
        if not 0 <= level <= 9:
            raise UsageError(f"codec {self.name} has no level {level}: gzip compresses at 0 to 9")
        self._level = level

    def encode(self, tensors: Tensors, call: Call) -> Body:
        """Return the compressed request; the same bytes for the same tensors, for the member holds no time."""
        return GzipBody(gzip.compress(super().encode(tensors, call), self._level, mtime=0))

    def read_request(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the inputs of an inflated body."""
        try:
            text = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise CodecError(f"the request is not a gzip member: {error}") from error
        return super().read_request(text, call)
