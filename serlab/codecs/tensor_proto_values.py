"""Typed fields both ways: ``float_val.extend(…)`` out and ``np.array(float_val)`` in, as many clients do."""

from __future__ import annotations

from typing import Any

import numpy as np

from serlab.codecs.base import Tensor
from serlab.codecs.tensor_proto import TensorProtoCodec, typed_values
from serlab.errors import CodecError


class TensorProtoValuesCodec(TensorProtoCodec):
    """Every number passes through a Python object, in both directions."""

    name = "tensor-proto-values"
    summary = "float_val.extend(…) / FromString + np.array(float_val)"

    def _request_proto(self, tensor: Tensor) -> Any:
        return self._typed_fields(tensor)

    def _read(self, proto: Any) -> Tensor:
        try:
            return self._values(proto)
        except (TypeError, ValueError, OverflowError) as error:
            raise CodecError(f"the TensorProto is none that holds typed values: {error}") from error

    def _values(self, proto: Any) -> Tensor:
        dtype: np.dtype[Any] = np.dtype(self._tf.dtypes.as_dtype(proto.dtype).as_numpy_dtype)
        shape = [dim.size for dim in proto.tensor_shape.dim]
        if proto.tensor_content:
            return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
        field: str = typed_values(np.zeros((0,), dtype))[0]
        values = getattr(proto, field)
        if field == "half_val":
            return np.array(values, np.uint16).view(dtype).reshape(shape)
        if field.endswith("complex_val"):
            return np.array(values, dtype.char.lower()).view(dtype).reshape(shape)
        return np.array(values, dtype).reshape(shape)
