"""gRPC: calls ``PredictionService.Predict`` with serialized messages, bytes in and bytes out.

The channel never sees a message class, so what a codec's ``encode`` and ``decode`` cost is all that serialization
costs the client.
"""

from __future__ import annotations

from typing import Any

from serlab.connection import TransportOptions
from serlab.connection.advice import grpc_advice
from serlab.connection.channel import PREDICT_METHOD, open_channel
from serlab.connection.headers import grpc_metadata
from serlab.errors import TransportError, UsageError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.base import NetworkTransport


class GrpcTransport(NetworkTransport):
    """One reused channel with one connection of its own.

    ``TransportError.code`` is the name of the gRPC code: "UNAVAILABLE" where the server cannot be reached.
    """

    name = "grpc"

    def __init__(self, endpoint: Endpoint, options: TransportOptions | None = None) -> None:
        import grpc

        options = options or TransportOptions()
        if not endpoint.grpc:
            raise UsageError(
                f"{endpoint.label} offers no gRPC API: choose codecs that speak REST, or give its gRPC port"
            )
        self._error = grpc.RpcError
        self._address = endpoint.grpc
        self._options, self._timeout_s = options, options.timeout_s
        self._metadata = grpc_metadata(options.headers) or None
        self._channel = open_channel(endpoint, options)
        # No serializers: bytes pass through.
        self._predict = self._channel.unary_unary(PREDICT_METHOD)

    @classmethod
    def connect_to(
        cls,
        endpoint: Endpoint,
        call: Call,  # noqa: ARG003  # what all transports take
        options: TransportOptions,
    ) -> GrpcTransport:
        """Return a transport to ``endpoint``; the model is named within each request body."""
        return cls(endpoint, options)

    def send(self, body: bytes) -> bytes:
        """Return the serialized response message."""
        try:
            response: bytes = self._predict(body, timeout=self._timeout_s, metadata=self._metadata)
        except self._error as error:
            raise self._explain(error) from error
        return response

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _explain(self, error: Any) -> TransportError:
        code = error.code().name
        details = self._options.without_secrets(error.details() or "no details")
        advice = grpc_advice(code, details)
        message = f"Predict on {self._address} failed: {code}: {details}"
        return TransportError(f"{message} ({advice})" if advice else message, code=code)
