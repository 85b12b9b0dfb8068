"""What a gRPC channel of the lab is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serlab.connection.headers import USER_AGENT
from serlab.connection.options import TransportOptions, host_of
from serlab.connection.tls import grpc_credentials

if TYPE_CHECKING:
    import grpc

    from serlab.records.run import Endpoint

PREDICT_METHOD = "/tensorflow.serving.PredictionService/Predict"


def channel_arguments(options: TransportOptions) -> list[tuple[str, Any]]:
    """Return the channel arguments for ``options``: what results quote as the client's settings."""
    arguments: list[tuple[str, Any]] = [
        ("grpc.max_send_message_length", -1),
        ("grpc.keepalive_time_ms", options.keepalive_ms),
        # Channels to one address share a connection unless told not to: two clients would then be one, and an old
        # connection may remember a dead server.
        ("grpc.use_local_subchannel_pool", 1),
        # grpc repeats a call by itself when the connection breaks before the server has seen it.
        ("grpc.enable_retries", 0),
        # As over REST: the path that is measured is the one that was named, not a proxy of the environment.
        ("grpc.enable_http_proxy", 0),
    ]
    if options.max_receive_bytes is not None:
        arguments.append(("grpc.max_receive_message_length", options.max_receive_bytes))
    if options.reconnect_ms is not None:
        arguments += [(f"grpc.{which}_reconnect_backoff_ms", options.reconnect_ms) for which in ("initial", "max")]
    arguments += authority_arguments(options.authority)
    arguments += [
        ("grpc.primary_user_agent", value.reveal())
        for name, value in options.headers.items()
        if name.lower() == USER_AGENT
    ]
    return arguments


def authority_arguments(authority: str) -> list[tuple[str, Any]]:
    """Return the channel arguments that name the server otherwise than its address does; none for ""."""
    if not authority:
        return []
    return [("grpc.default_authority", authority), ("grpc.ssl_target_name_override", host_of(authority))]


def open_channel(endpoint: Endpoint, options: TransportOptions) -> grpc.Channel:
    """Return a channel with a connection of its own; close it after use. Raises ``UsageError`` for unusable files."""
    import grpc

    arguments = channel_arguments(options)
    if endpoint.tls:
        credentials = grpc_credentials(options.ca, options.cert, options.key)
        return grpc.secure_channel(endpoint.grpc, credentials, arguments)
    return grpc.insecure_channel(endpoint.grpc, arguments)
