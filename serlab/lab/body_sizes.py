"""How large a way's bodies will be, without making the whole of them: numbers as text are counted on a sample."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from serlab.codecs import registry
from serlab.codecs.base import Tensors
from serlab.measure.calls import Exchange
from serlab.measure.send_less import Way as Sending
from serlab.records.call import STRING, Call, TensorSpec

#: Elements whose text is counted; of more, the length per element is taken to be theirs.
_SAMPLE = 2048
#: What a PredictRequest holds beside the numbers: names, dtypes, shapes and lengths of each tensor.
_MESSAGE_BYTES = 60


def body_sizes(sending: Sending, sent: Tensors) -> tuple[int, int]:
    """Return bytes of request and response. Raises ``CodecError`` for tensors that the codec cannot carry."""
    codec = registry.codec_class(sending.codec)
    call = sending.call
    wire = registry.get("wire")
    answer = Exchange(wire, call, sending.tensors(), sending.seed).made_outputs()
    if codec.route == "grpc":
        # A stock server answers in typed fields, whose integers have as many bytes as their values need.
        return _raw(sent) + _MESSAGE_BYTES, len(wire.write_response(answer, call, "values"))
    return (_text(sending.codec, sent, call.inputs, call.signature),
            _text("orjson", answer, call.outputs, call.signature))  # fmt: skip


def elements_of(tensors: Tensors) -> tuple[str, int]:
    """Return the dtype of the largest tensor, and the number of elements of all; strings count as their bytes."""
    largest = max(tensors.values(), key=lambda tensor: tensor.size)
    count = sum(_raw({"": one}) if one.dtype.hasobject else one.size for one in tensors.values())
    return ("uint8" if largest.dtype.hasobject else largest.dtype.name), count


def _raw(tensors: Tensors) -> int:
    return sum(
        sum(len(item) for item in tensor.reshape(-1).tolist()) if tensor.dtype.hasobject else tensor.nbytes
        for tensor in tensors.values()
    )


def _text(codec: str, tensors: Tensors, specs: Mapping[str, TensorSpec], signature: str) -> int:
    total = 0
    for name, tensor in tensors.items():
        spec = specs.get(name)
        if tensor.dtype.hasobject or (spec and spec.dtype == STRING):
            total += math.ceil(_raw({name: tensor}) * 4 / 3) + 12 * max(1, len(tensor) if tensor.ndim else 1)
            continue
        sample = np.ascontiguousarray(tensor.reshape(-1)[:_SAMPLE]).reshape(1, -1)
        one = TensorSpec(sample.dtype.name, sample.shape)
        body = registry.get(codec).encode({name: sample}, Call("", signature, {name: one}, {name: one}))
        total += round(len(body) * tensor.size / max(1, sample.size))
    return total + _MESSAGE_BYTES
