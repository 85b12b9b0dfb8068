"""One copy of the buffer: the floor that no codec can beat."""

from __future__ import annotations

import numpy as np

from serlab.codecs.base import Body, Call, Codec, Tensor
from serlab.errors import CodecError
from serlab.records.run import Form


class RawCodec(Codec):
    """Bytes as they lie in memory. No server speaks it; it is there to compare with."""

    name = "raw"
    transport = "none"
    summary = "one copy of the buffer: the floor"

    def encode(self, tensor: Tensor, call: Call) -> Body:
        """Return a copy of the buffer in C order."""
        if tensor.dtype.hasobject:
            raise CodecError("an array of Python objects has no bytes to copy: give it a numeric dtype")
        return tensor.tobytes()

    def decode(self, body: Body, call: Call) -> Tensor:
        """Return a writable copy of the body as ``(-1, *call.shape[1:])``."""
        try:
            return np.frombuffer(body, call.dtype).reshape(-1, *call.shape[1:]).copy()
        except ValueError as error:
            raise CodecError(f"{len(body)} bytes are not rows of {call.dtype.name}: {error}") from error

    def read_request(self, body: Body, call: Call) -> Tensor:
        """Return the same as ``decode``."""
        return self.decode(body, call)

    def write_response(self, tensor: Tensor, call: Call, form: Form | None = None) -> Body:
        """Return the same as ``encode``."""
        return self.encode(tensor, call)
