"""A server in the same process: answers with the codec's own server half, and touches no network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from serlab.records.call import Call
from serlab.records.run import Form
from serlab.transports.base import Transport


class ServerHalf(Protocol):
    """The half of a codec that a server needs; every codec has it."""

    def read_request(self, body: bytes, call: Call) -> Mapping[str, Any]:
        """Return the tensors a request body holds."""

    def write_response(self, tensors: Mapping[str, Any], call: Call, form: Form | None = None) -> bytes:
        """Return the response body for tensors."""


class LoopbackTransport(Transport):
    """Echoes: the outputs of the response are the tensors of the request, in their order.

    ``form`` picks the TensorProto form of gRPC codecs. Errors of the codec pass through unchanged. ``requests`` counts
    the bodies it was sent.
    """

    name = "loopback"

    def __init__(self, codec: ServerHalf, call: Call, form: Form | None = None) -> None:
        self._codec, self._call, self._form = codec, call, form
        self.requests = 0

    def send(self, body: bytes) -> bytes:
        """Return the response body for the tensors that ``body`` holds."""
        self.requests += 1
        received = self._codec.read_request(body, self._call)
        answered = dict(zip(self._call.outputs, received.values(), strict=True))
        return self._codec.write_response(answered, self._call, self._form)
