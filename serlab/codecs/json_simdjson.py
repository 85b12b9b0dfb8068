"""orjson out, pysimdjson in: numbers go from text into a buffer without becoming Python objects."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from serlab.codecs.base import Body, Call, Tensor
from serlab.codecs.orjson_numpy import OrjsonCodec
from serlab.errors import CodecError

#: pysimdjson's element types by numpy kind: double, signed and unsigned 64-bit.
_BUFFER_TYPE = {"f": ("d", np.float64), "i": ("i", np.int64), "u": ("u", np.uint64)}


class JsonSimdjsonCodec(OrjsonCodec):
    """The shape is the caller's: a flat buffer does not tell how its rows were nested, only that the count fits."""

    name = "json-simdjson"
    requires: ClassVar[tuple[str, ...]] = ("orjson", "simdjson")
    summary = "orjson OPT_SERIALIZE_NUMPY / simdjson as_buffer"

    def __init__(self) -> None:
        super().__init__()
        import simdjson

        self._parser_class: Any = simdjson.Parser

    def decode(self, body: Body, call: Call) -> Tensor:
        """Return the predictions with the shape ``(-1, *call.shape[1:])``."""
        if call.dtype.kind not in _BUFFER_TYPE:
            raise CodecError(f"simdjson has no buffer for {call.dtype.name}")
        letter, buffer_dtype = _BUFFER_TYPE[call.dtype.kind]
        parser = self._parser_class()
        try:
            rows = parser.parse(body)["predictions"]
            numbers = np.frombuffer(rows.as_buffer(of_type=letter), buffer_dtype)
            wide = numbers.reshape(-1, *call.shape[1:])
        except KeyError:
            raise CodecError("the body has no list 'predictions'") from None
        except (ValueError, TypeError, AttributeError) as error:
            raise CodecError(f"the response is not a {call.dtype.name} tensor for simdjson: {error}") from error
        if call.dtype.kind == "f":
            with np.errstate(over="ignore"):
                return wide.astype(call.dtype)
        narrow = wide.astype(call.dtype)
        if not np.array_equal(narrow, wide):
            raise CodecError(f"the response holds integers that {call.dtype.name} cannot hold")
        return narrow
