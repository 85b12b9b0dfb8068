from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from serlab.codecs.base import Call, Codec, Tensor, TensorSpec
from serlab.records.call import STRING

MakeCall = Callable[..., Call]


@pytest.fixture(scope="session")
def make_call() -> MakeCall:
    """A call in which ``x`` comes back as ``y``, or several tensors under their own names."""

    def make(codec: Codec, *tensors: Tensor, **named: Tensor) -> Call:
        inputs = {"x": tensors[0]} if tensors else named
        specs = {name: spec_of(codec, tensor) for name, tensor in inputs.items()}
        outputs = {"y": specs["x"]} if tensors else specs
        return Call("echo", codec.signature, specs, outputs)

    return make


def spec_of(codec: Codec, tensor: Tensor) -> TensorSpec:
    """What a model says of an input that takes ``tensor``; strings of bytes for codecs that send those."""
    dtype = np.dtype(tensor.dtype).newbyteorder("=")
    spec = TensorSpec(STRING if dtype.hasobject else dtype.name, tensor.shape)
    sends_bytes = codec.signature == "bytes" and not dtype.hasobject
    return TensorSpec(STRING, tensor.shape[:1], packs=spec) if sends_bytes else spec
