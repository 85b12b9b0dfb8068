"""A server in the same process: answers with the codec's own server half, and touches no network."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from serlab.records.run import Form
from serlab.transports.base import Transport

CallType = TypeVar("CallType", contravariant=True)


class ServerHalf(Protocol[CallType]):
    """The half of a codec that a server needs; every codec has it."""

    def read_request(self, body: bytes, call: CallType) -> Any:
        """Return the tensor a request body holds."""

    def write_response(self, tensor: Any, call: CallType, form: Form | None = None) -> bytes:
        """Return the response body for a tensor."""


class LoopbackTransport(Transport):
    """Echoes: the response holds the tensor of the request. ``form`` picks the TensorProto form of gRPC codecs.

    Errors of the codec pass through unchanged. ``requests`` counts the bodies it was sent.
    """

    name = "loopback"

    def __init__(self, codec: ServerHalf[CallType], call: CallType, form: Form | None = None) -> None:
        def answer(body: bytes) -> bytes:
            return codec.write_response(codec.read_request(body, call), call, form)

        self._answer = answer
        self.requests = 0

    def send(self, body: bytes) -> bytes:
        """Return the response body for the tensor that ``body`` holds."""
        self.requests += 1
        return self._answer(body)
