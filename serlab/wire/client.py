"""Clients of TensorFlow Serving's Predict over gRPC that need grpcio and numpy, and no generated messages.

>>> with PredictClient("127.0.0.1:8500") as client:
...     outputs = client.predict("resnet", {"images": images})
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from numpy.typing import NDArray

from serlab.connection.advice import grpc_advice
from serlab.connection.channel import PREDICT_METHOD, authority_arguments
from serlab.connection.headers import Metadata, checked_metadata
from serlab.connection.options import DEFAULT_KEEPALIVE_MS, DEFAULT_MAX_RECEIVE_BYTES, DEFAULT_TIMEOUT_S
from serlab.connection.tls import Credential, grpc_credentials
from serlab.errors import TransportError, UsageError
from serlab.wire.encode import encode_predict
from serlab.wire.predict import decode_predict

if TYPE_CHECKING:
    import grpc


class _Client:
    def __init__(
        self,
        target: str,
        *,
        timeout: float | None = DEFAULT_TIMEOUT_S,
        metadata: Metadata = (),
        options: Iterable[tuple[str, Any]] = (),
        credentials: grpc.ChannelCredentials | None = None,
        tls: bool = False,
        ca: Credential | None = None,
        cert: Credential | None = None,
        key: Credential | None = None,
        authority: str = "",
    ) -> None:
        """Settings of a client.

        ``target`` is HOST:PORT. ``timeout`` is the deadline of a call in seconds, None for none. ``metadata`` goes
        with every call. ``options`` are gRPC channel arguments, which go over those of ``channel.DEFAULT_OPTIONS``.
        For TLS, ``tls=True`` trusts the system's authorities, ``ca`` another one, and ``cert`` with ``key`` say who
        the client is (PEM, as a path or as bytes); or give ``credentials`` made by grpc. ``authority`` is the name of a
        server that has another than its address: a gateway routes by it, and the certificate must have it.

        Raises UsageError for settings that do not go together, metadata that gRPC cannot carry, or a file that cannot
        be read.
        """
        self.target = checked_target(target)
        self._timeout = timeout
        self._metadata = checked_metadata(metadata)
        self._options = channel_options([*authority_arguments(authority), *options])
        self._credentials = channel_credentials(credentials, tls, ca, cert, key)
        self._closed = False
        self._connect()

    def _connect(self) -> None:
        """Make ready what can be made ready now."""

    def _open(self, module: Any) -> Any:
        """A channel of ``grpc`` or of ``grpc.aio``, which look alike."""
        if self._credentials is None:
            return module.insecure_channel(self.target, options=self._options)
        return module.secure_channel(self.target, self._credentials, options=self._options)

    def _call_arguments(self, timeout: float | None, metadata: Metadata) -> dict[str, Any]:
        if self._closed:
            raise TransportError(f"the client of {self.target} is closed: make a new one")
        return {
            "timeout": self._timeout if timeout is None else timeout,
            "metadata": self._metadata + checked_metadata(metadata),
        }


class PredictClient(_Client):
    """Calls Predict and waits for the answer; threads may share one. ``__init__`` tells the settings."""

    def _connect(self) -> None:
        self._channel = self._open(grpc)
        self._predict = self._channel.unary_unary(PREDICT_METHOD)  # no serializers: bytes pass through

    def predict(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        *,
        timeout: float | None = None,
        metadata: Metadata = (),
        signature: str | None = None,
        version: int | None = None,
        label: str | None = None,
        output_filter: Iterable[str] = (),
    ) -> dict[str, NDArray[Any]]:
        """The outputs by name: read-only arrays, views of the answer where they can be (see ``decode_predict``).

        ``timeout``, in seconds, is for this call only; ``metadata`` is added to the client's.

        Raises TransportError, its ``code`` the name of gRPC's, where no answer came; WireError for an answer that is
        not a PredictResponse; CodecError for inputs that cannot be sent.
        """
        body = encode_predict(
            model, inputs, signature=signature, version=version, label=label, output_filter=output_filter
        )
        return decode_predict(self.send(body, timeout=timeout, metadata=metadata)).outputs

    def send(self, body: bytes, *, timeout: float | None = None, metadata: Metadata = ()) -> bytes:
        """The serialized answer to a serialized request, such as a PredictEncoder's. Raises TransportError."""
        arguments = self._call_arguments(timeout, metadata)
        try:
            answer: bytes = self._predict(body, **arguments)
        except grpc.RpcError as error:
            raise explain(error, self.target, self._options) from error
        return answer

    def close(self) -> None:
        """Close the channel; calls under way end with CANCELLED."""
        self._closed = True
        self._channel.close()

    def __enter__(self) -> PredictClient:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class AsyncPredictClient(_Client):
    """Calls Predict from coroutines, all of one event loop. ``__init__`` tells the settings."""

    _channel: Any = None

    async def predict(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        *,
        timeout: float | None = None,
        metadata: Metadata = (),
        signature: str | None = None,
        version: int | None = None,
        label: str | None = None,
        output_filter: Iterable[str] = (),
    ) -> dict[str, NDArray[Any]]:
        """As ``PredictClient.predict``."""
        body = encode_predict(
            model, inputs, signature=signature, version=version, label=label, output_filter=output_filter
        )
        return decode_predict(await self.send(body, timeout=timeout, metadata=metadata)).outputs

    async def send(self, body: bytes, *, timeout: float | None = None, metadata: Metadata = ()) -> bytes:
        """As ``PredictClient.send``."""
        arguments = self._call_arguments(timeout, metadata)
        if self._channel is None:  # not before: the channel belongs to the loop that runs when it is made
            self._channel = self._open(grpc.aio)
            self._predict = self._channel.unary_unary(PREDICT_METHOD)
        try:
            answer: bytes = await self._predict(body, **arguments)
        except grpc.RpcError as error:
            raise explain(error, self.target, self._options) from error
        return answer

    async def close(self) -> None:
        """Close the channel; calls under way end with CANCELLED."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close()

    async def __aenter__(self) -> AsyncPredictClient:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


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
