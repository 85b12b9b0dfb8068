"""A request's TensorProto into an array, by TensorFlow's own ``Tensor::FromProto``."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.python.framework import dtypes

from serlab.serving.embedded.model import parse_tensor
from serlab.serving.embedded.status import StatusError, invalid_argument

#: A few bytes can ask for a tensor of any size, filled with one value. This much of a tensor may be filled in; the rest
#: must have come with the message. TensorFlow Serving itself allocates whatever the shape says.
MAX_FILLED_BYTES = 256 << 20


def read_tensor(alias: str, proto: tensor_pb2.TensorProto) -> NDArray[Any]:
    """Return the array in ``proto``; the last value is repeated where there are fewer values than elements.

    Raises:
        StatusError: TensorFlow cannot make a tensor of it.
    """
    serialized = proto.SerializeToString()
    if not _fits(proto, len(serialized)):
        raise invalid_argument(f"tensor parsing error: {alias}")
    try:
        return parse_tensor(serialized, proto.dtype)
    except StatusError as error:
        raise invalid_argument(f"tensor parsing error: {alias}") from error


def _fits(proto: tensor_pb2.TensorProto, size: int) -> bool:
    """Whether the shape asks for no more than the message of ``size`` bytes may carry, one byte an element at least."""
    if proto.dtype == types_pb2.DT_INVALID:
        return False
    elements = math.prod(max(0, dim.size) for dim in proto.tensor_shape.dim)
    try:
        width: int = dtypes.as_dtype(proto.dtype).size or 1
    except TypeError:
        return False
    return bool(elements <= size or elements * width <= MAX_FILLED_BYTES)
