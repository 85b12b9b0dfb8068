"""gRPC: calls ``PredictionService.Predict`` with serialized messages, bytes in and bytes out.

The channel never sees a message class, so what a codec's ``encode`` and ``decode`` cost is all that serialization
costs the client.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from serlab.errors import TransportError, UsageError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.base import NetworkTransport, TransportOptions

if TYPE_CHECKING:
    import grpc

PREDICT_METHOD = "/tensorflow.serving.PredictionService/Predict"

#: What to do about a code, for those with one likely cause.
_ADVICE = {
    "UNAVAILABLE": "Is the server running, is this its gRPC port, and does it speak TLS if and only if --tls is given?",
    "DEADLINE_EXCEEDED": "Raise the timeout if the call may take longer.",
}


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
        self._timeout_s = options.timeout_s
        self._metadata = tuple((name.lower(), value) for name, value in options.headers.items()) or None
        arguments = channel_arguments(options)
        if endpoint.tls:
            self._channel = grpc.secure_channel(endpoint.grpc, _credentials(options), options=arguments)
        else:
            self._channel = grpc.insecure_channel(endpoint.grpc, options=arguments)
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
        code, details = error.code().name, error.details() or "(no details)"
        advice = _ADVICE.get(code, "")
        if code == "RESOURCE_EXHAUSTED" and "larger than max" in details:
            advice = "Raise max_receive_bytes."
        return TransportError(f"Predict on {self._address} failed: {code}: {details}. {advice}".rstrip(), code=code)


def channel_arguments(options: TransportOptions) -> list[tuple[str, int]]:
    """Return the channel arguments for ``options``: what results quote as the client's settings."""
    arguments = [
        ("grpc.max_send_message_length", -1),
        ("grpc.keepalive_time_ms", options.keepalive_ms),
        # Channels to one address share a connection unless told not to: two clients would then be one.
        ("grpc.use_local_subchannel_pool", 1),
        # grpc repeats a call by itself when the connection breaks before the server has seen it.
        ("grpc.enable_retries", 0),
        # As over REST: the path that is measured is the one that was named.
        ("grpc.enable_http_proxy", 0),
    ]
    if options.max_receive_bytes is not None:
        arguments.append(("grpc.max_receive_message_length", options.max_receive_bytes))
    if options.reconnect_ms is not None:
        arguments += [(f"grpc.{which}_reconnect_backoff_ms", options.reconnect_ms) for which in ("initial", "max")]
    return arguments


def _credentials(options: TransportOptions) -> grpc.ChannelCredentials:
    import grpc

    return grpc.ssl_channel_credentials(
        root_certificates=_pem(options.ca), private_key=_pem(options.key), certificate_chain=_pem(options.cert)
    )


def _pem(path: str) -> bytes | None:
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the TLS file {path}: {error.strerror}") from error
