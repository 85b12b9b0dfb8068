"""orjson straight from the numpy buffer: no Python object per number on the way out."""

from __future__ import annotations

from typing import Any

import numpy as np

from serlab.codecs.base import Tensor
from serlab.codecs.json_orjson_list import JsonOrjsonListCodec
from serlab.codecs.rest_json import json_value


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
