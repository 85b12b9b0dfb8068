"""A call of someone's own model, as JSON types: it travels to worker processes and into results."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.codecs.base import Call, Codec
from serlab.payload import Payload, numpy_dtype
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES, signature


@dataclass(frozen=True, slots=True)
class ModelCall:
    """Names of a model's call, and what its output is: the dtype and shape that a client must know to read it.

    ``takes_strings`` tells a signature that wants raw bytes from one that wants numbers. In ``output_shape`` the first
    size is the batch.
    """

    model: str
    signature: str
    input: str
    output: str
    output_dtype: str
    output_shape: tuple[int, ...]
    takes_strings: bool = False

    def as_call(self) -> Call:
        """Return the call as codecs take it.

        Raises:
            PayloadError: the output's dtype is not one that codecs read.
        """
        dtype = numpy_dtype(self.output_dtype)
        return Call(self.model, self.signature, self.input, self.output, dtype, self.output_shape)

    def takes(self, codec: type[Codec]) -> bool:
        """Whether the signature's input is what the codec sends: strings of bytes, or numbers."""
        return (codec.signature == "bytes") == self.takes_strings


def echo_call(codec: Codec, payload: Payload) -> Call:
    """Return the call for an echo of ``payload``: the codec's own signature, or its sibling for another dtype.

    Raises:
        UnknownNameError: the echo servable has no signature for the payload's dtype.
    """
    entry = SIGNATURES[codec.signature]
    if entry.kind == "echo" and entry.dtype != payload.dtype:
        entry = signature("echo", payload.dtype)
    return Call(ECHO_MODEL, entry.name, entry.input, entry.output, payload.numpy_dtype, payload.shape)
