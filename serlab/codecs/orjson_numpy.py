"""orjson straight from the numpy buffer: no Python object per number on the way out."""

from __future__ import annotations

import numpy as np

from serlab.codecs.base import Body, Call, Tensor
from serlab.codecs.json_orjson_list import JsonOrjsonListCodec
from serlab.errors import CodecError


class OrjsonCodec(JsonOrjsonListCodec):
    """float32 is written with the shortest text that reads back as the same float32."""

    name = "orjson"
    summary = "orjson OPT_SERIALIZE_NUMPY / orjson.loads + np.array"

    def __init__(self) -> None:
        super().__init__()
        from orjson import OPT_SERIALIZE_NUMPY

        self._option = OPT_SERIALIZE_NUMPY

    def encode(self, tensor: Tensor, call: Call) -> Body:
        """Return row-format JSON; a tensor that is not C-contiguous and native is copied first."""
        native = np.ascontiguousarray(tensor, dtype=tensor.dtype.newbyteorder("="))
        try:
            return self._dumps({"signature_name": call.signature, "instances": native}, option=self._option)
        except TypeError as error:
            raise CodecError(f"orjson cannot write {tensor.dtype.name}: {error}") from error
