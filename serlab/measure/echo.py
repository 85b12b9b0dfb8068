"""Which call a codec makes to the lab's echo servable for a payload of some dtype."""

from __future__ import annotations

from serlab.codecs.base import Call, Codec
from serlab.payload import Payload
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES, signature


def echo_call(codec: Codec, payload: Payload) -> Call:
    """Return the call for an echo of ``payload``: the codec's own signature, or its sibling for another dtype.

    Raises:
        UnknownNameError: the echo servable has no signature for the payload's dtype.
    """
    entry = SIGNATURES[codec.signature]
    if entry.kind == "echo" and entry.dtype != payload.dtype:
        entry = signature("echo", payload.dtype)
    return Call(ECHO_MODEL, entry.name, entry.input, entry.output, payload.numpy_dtype, payload.shape)
