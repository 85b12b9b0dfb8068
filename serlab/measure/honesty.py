"""What the timed region may not leave out: each check catches a codec that would look faster than its work is.

The clock stands around ``encode(tensors, call)`` and ``decode(body, call)`` alone. A body that was made before, a
result that is kept or made later, a copy that was skipped: all that would be outside, and is refused here before
anything is timed.
"""

from __future__ import annotations

import numpy as np

from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors
from serlab.errors import CodecError


def check_encode(codec: Codec, tensors: Tensors, call: Call) -> Body:
    """Return the request body, once it is sure that the call made it, of these tensors, and left them alone.

    Raises:
        CodecError: the body is no ``bytes``; it does not follow a tensor that changes in place; a tensor was changed.
    """
    before = {name: tensor.copy() for name, tensor in tensors.items()}
    body = codec.encode(tensors, call)
    if not isinstance(body, bytes):
        raise CodecError(
            f"{codec.name} returns {type(body).__name__}, no bytes: what it leaves undone is not in its time"
        )
    for name, tensor in tensors.items():
        if not _same(tensor, before[name]):
            raise CodecError(f"{codec.name} changes tensor {name!r} while it encodes")
    # The same objects with other values in them: a body that is kept by identity does not follow.
    reused = {name: tensor.copy() for name, tensor in before.items()}
    codec.encode(reused, call)
    for name, tensor in reused.items():
        tensor[...] = _changed(before[name])
    differs = any(not _same(tensor, before[name]) for name, tensor in reused.items())
    if differs and codec.encode(reused, call) == body:
        raise CodecError(f"{codec.name} returns a body that it made before: other tensors get the same bytes")
    return codec.encode(tensors, call)


def check_decode(codec: Codec, body: Body, call: Call, sent: Tensors) -> dict[str, Tensor]:
    """Return the tensors of a response, once it is sure that the call made them, whole, of this body.

    Raises:
        CodecError: a result is no plain array of the output's dtype; it is kept from call to call; it is the tensor
            that was sent.
    """
    found, again = codec.decode(body, call), codec.decode(body, call)
    if not isinstance(found, dict) or list(found) != list(call.outputs):
        raise CodecError(f"{codec.name} returns {_names(found)}, the call names {list(call.outputs)}")
    for name, tensor in found.items():
        wanted = call.outputs[name].numpy_dtype
        if type(tensor) is not np.ndarray:
            raise CodecError(
                f"{codec.name} returns {type(tensor).__name__} for {name!r}, no array: what it does later is not timed"
            )
        if tensor.dtype.newbyteorder("=") != wanted:
            raise CodecError(f"{codec.name} returns {tensor.dtype} for {name!r}, the output is {wanted}")
        if tensor is again[name]:
            raise CodecError(f"{codec.name} keeps the result of {name!r} from call to call: only the first is decoding")
        if any(np.shares_memory(tensor, own) for own in sent.values() if not own.dtype.hasobject):
            raise CodecError(f"{codec.name} returns the tensor that was sent for {name!r}: nothing was decoded")
    return found


def _names(found: object) -> str:
    return str(list(found)) if isinstance(found, dict) else type(found).__name__


def _same(one: Tensor, other: Tensor) -> bool:
    if one.dtype.hasobject:
        return bool(np.array_equal(one, other))
    return one.tobytes() == other.tobytes()


def _changed(tensor: Tensor) -> Tensor:
    """Return a tensor of the same dtype and shape with other values, of which none is unusual for the codec."""
    if tensor.dtype.hasobject:
        changed = tensor.copy()
        changed.reshape(-1)[:1] = b"another"
        return changed
    if tensor.dtype == np.bool_:
        return ~tensor
    return np.flip(tensor.reshape(-1)).reshape(tensor.shape).copy() if tensor.size > 1 else np.zeros_like(tensor)
