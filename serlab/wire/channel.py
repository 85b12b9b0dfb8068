"""What the clients' gRPC channel is made of, checked, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from serlab.connection.advice import grpc_advice
from serlab.connection.options import DEFAULT_KEEPALIVE_MS, DEFAULT_MAX_RECEIVE_BYTES
from serlab.connection.tls import Credential, grpc_credentials
from serlab.errors import TransportError, UsageError

if TYPE_CHECKING:
    import grpc

DEFAULT_OPTIONS: dict[str, Any] = {
    # grpc's own limit of 4 MiB refuses a batch of seven images.
    "grpc.max_receive_message_length": DEFAULT_MAX_RECEIVE_BYTES,
    "grpc.keepalive_time_ms": DEFAULT_KEEPALIVE_MS,
}


def channel_options(options: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The channel arguments: the defaults, and over them those given."""
    return list((DEFAULT_OPTIONS | dict(options)).items())


def checked_target(target: str) -> str:
    """``target``, which is HOST:PORT. Raises UsageError for the URL of an HTTP server."""
    if target.startswith(("http://", "https://")):
        raise UsageError(f"{target!r} is a URL: a gRPC target is HOST:PORT, and its port is not the REST port")
    return target


def channel_credentials(
    credentials: grpc.ChannelCredentials | None,
    tls: bool,
    ca: Credential | None,
    cert: Credential | None,
    key: Credential | None,
) -> grpc.ChannelCredentials | None:
    """The credentials of a TLS channel, None for a plain one.

    Raises UsageError for credentials together with PEM files, for a certificate without its key or the reverse, and for
    a file that cannot be read.
    """
    if credentials is not None and (ca or cert or key):
        raise UsageError("credentials and ca, cert or key exclude each other: give one or the others")
    if credentials is not None or not (tls or ca or cert or key):
        return credentials
    return grpc_credentials(ca, cert, key)


def explain(error: grpc.RpcError, target: str, options: Iterable[tuple[str, Any]]) -> TransportError:
    """The error a client with these channel ``options`` raises for one of gRPC's; its code is kept by name."""
    code, details = error.code().name, error.details() or "no details"
    advice = grpc_advice(code, details, proxies=bool(dict(options).get("grpc.enable_http_proxy", 1)))
    message = f"Predict on {target} failed with {code}: {details}"
    return TransportError(f"{message} ({advice})" if advice else message, code=code)
