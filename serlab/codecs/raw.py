"""One copy of the buffers: the floor of whatever copies."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np

from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors, TensorSpec
from serlab.errors import CodecError
from serlab.records.call import STRING, string_array
from serlab.records.run import Form


class RawCodec(Codec):
    """Bytes as they lie in memory, tensor after tensor. No server speaks it; it is there to compare with.

    Strings are their lengths (uint32), then their bytes. Of several tensors each has the shape that the call names; of
    a single one the first size is what the body has room for.
    """

    name = "raw"
    transport = "none"
    summary = "one copy of the buffers: the floor"

    @classmethod
    def refusal(cls, tensors: Mapping[str, TensorSpec], call: Call, **parameters: str | int) -> str:  # noqa: ARG003
        """Return "": there is nothing that has no bytes."""
        return ""

    def encode(self, tensors: Tensors, call: Call) -> Body:
        """Return a copy of the buffers in C order."""
        if len(tensors) == 1:
            (tensor,) = tensors.values()
            return _bytes_of(tensor)
        return b"".join(map(_bytes_of, tensors.values()))

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return writable copies of the parts of the body."""
        return _take_apart(body, call.outputs)

    def read_request(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the inputs."""
        return _take_apart(body, call.inputs)

    def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
        """Return the same as ``encode``."""
        return self.encode(tensors, call)


def _bytes_of(tensor: Tensor) -> bytes:
    if not tensor.dtype.hasobject:
        return tensor.tobytes()
    items = tensor.reshape(-1).tolist()
    if not all(isinstance(item, bytes) for item in items):
        raise CodecError("an array of Python objects has no bytes to copy: give it a numeric dtype, or bytes")
    return struct.pack(f"<{len(items)}I", *map(len, items)) + b"".join(items)


def _take_apart(body: Body, specs: Mapping[str, TensorSpec]) -> dict[str, Tensor]:
    if len(specs) == 1:
        ((name, spec),) = specs.items()
        if spec.dtype != STRING or spec.packs:
            return {name: _numbers(body, spec)}
    found: dict[str, Tensor] = {}
    position = 0
    for name, spec in specs.items():
        count = int(np.prod(spec.shape))
        if spec.dtype == STRING and not spec.packs:
            found[name], position = _strings(body, position, count, spec.shape)
        else:
            stop = position + count * spec.numpy_dtype.itemsize
            found[name], position = _numbers(body[position:stop], spec), stop
    return found


def _numbers(part: bytes, spec: TensorSpec) -> Tensor:
    dtype, shape = spec.numpy_dtype, (spec.packs or spec).shape
    try:
        flat = np.frombuffer(part, dtype)
        return (flat.reshape(-1, *shape[1:]) if shape else flat.reshape(())).copy()
    except ValueError as error:
        raise CodecError(f"{len(part)} bytes are not rows of {dtype.name}: {error}") from error


def _strings(body: bytes, position: int, count: int, shape: tuple[int, ...]) -> tuple[Tensor, int]:
    try:
        lengths = struct.unpack_from(f"<{count}I", body, position)
    except struct.error as error:
        raise CodecError(f"the body ends before {count} strings: {error}") from error
    position += 4 * count
    values = []
    for length in lengths:
        values.append(body[position : position + length])
        position += length
    return string_array(values, shape), position
