"""What a client's gRPC channel is made of, checked, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serlab.errors import TransportError, UsageError

if TYPE_CHECKING:
    import grpc

PREDICT_METHOD = "/tensorflow.serving.PredictionService/Predict"
DEFAULT_TIMEOUT_S = 5.0
DEFAULT_OPTIONS: dict[str, Any] = {
    # grpc's own limit of 4 MiB refuses a batch of seven images.
    "grpc.max_receive_message_length": 100 * 2**20,
    "grpc.keepalive_time_ms": 10_000,
}

Metadata = Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]
Credential = str | Path | bytes

_ADVICE = {
    "UNAVAILABLE": "is the server running, is this its gRPC port, and does it speak TLS as the client does?",
    "DEADLINE_EXCEEDED": "give a longer timeout if the model may take longer",
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
    import grpc

    if credentials is not None:
        if ca or cert or key:
            raise UsageError("credentials and ca, cert or key exclude each other: give one or the others")
        return credentials
    if bool(cert) != bool(key):
        raise UsageError("cert and key belong together: give both, or neither")
    if not (tls or ca or cert):
        return None
    return grpc.ssl_channel_credentials(_pem(ca), _pem(key), _pem(cert))


def _pem(source: Credential | None) -> bytes | None:
    if source is None or isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the PEM file {source}: {error.strerror}") from error


def call_metadata(*several: Metadata) -> tuple[tuple[str, str | bytes], ...]:
    """The metadata of one call. gRPC wants lower-case names."""
    pairs: list[tuple[str, str | bytes]] = []
    for metadata in several:
        pairs += metadata.items() if isinstance(metadata, Mapping) else metadata
    return tuple((name.lower(), value) for name, value in pairs)


def explain(error: grpc.RpcError, target: str) -> TransportError:
    """The error a client raises for one of gRPC's; its code is kept by name."""
    code, details = error.code().name, error.details() or "no details"
    advice = _ADVICE.get(code, "")
    if code == "RESOURCE_EXHAUSTED" and "larger than max" in details:
        advice = "raise grpc.max_receive_message_length among the client's options"
    message = f"Predict on {target} failed with {code}: {details}"
    return TransportError(f"{message} ({advice})" if advice else message, code=code)
