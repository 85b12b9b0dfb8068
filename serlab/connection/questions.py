"""Questions to a server that are not measured: plain HTTP GET and unary gRPC, with errors that name the likely cause.

Measured calls go through ``serlab.transports``; these here are about being understood when something is wrong.
"""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from serlab.connection.advice import grpc_trouble, host_and_port, socket_trouble
from serlab.connection.channel import open_channel
from serlab.connection.headers import grpc_metadata, http_headers
from serlab.connection.options import TransportOptions
from serlab.connection.tls import tls_context
from serlab.errors import ServingError
from serlab.records.run import Endpoint

#: How much of what another kind of server says is shown.
_SHOWN_BYTES = 120


class UnreachableError(ServingError):
    """Nobody answers at the address, or not in the protocol that was expected there."""


class ModelMissingError(ServingError):
    """The server answers, and does not have the model."""


def http_get(endpoint: Endpoint, path: str, options: TransportOptions) -> tuple[int, bytes]:
    """Return status and body. Raises ``UnreachableError`` where no HTTP response comes back."""
    url = f"{endpoint.base_url}{path}"
    host, port = host_and_port(endpoint.rest)
    name = options.server_name(host)
    connection = (
        _NamedHttps(host, port, options, name)
        if endpoint.rest_tls
        else http.client.HTTPConnection(host, port, timeout=options.timeout_s)
    )
    own = {"Host": options.authority or endpoint.rest}
    try:
        connection.request("GET", urlsplit(url).path, headers=http_headers(options.headers, own))
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        reason = socket_trouble(error, host, port, options, tls=endpoint.rest_tls)
        raise UnreachableError(f"no REST API at {url}: {options.without_secrets(reason)}") from error
    finally:
        connection.close()
    if response.status != 200:  # words, not data
        body = options.without_secrets(body.decode("utf-8", "replace")).encode()
    return response.status, body


class _NamedHttps(http.client.HTTPConnection):
    """HTTPS to an address whose certificate may bear another name."""

    def __init__(self, host: str, port: int, options: TransportOptions, name: str) -> None:
        super().__init__(host, port, timeout=options.timeout_s)
        self._context, self._name = tls_context(options), name

    def connect(self) -> None:
        super().connect()
        self.sock: ssl.SSLSocket = self._context.wrap_socket(self.sock, server_hostname=self._name)


def server_document(endpoint: Endpoint, status: int, body: bytes) -> dict[str, Any]:
    """Return the JSON object of a REST answer.

    Raises ``ModelMissingError`` for a 404 in TF Serving's words, ``ServingError`` for its other errors, and
    ``UnreachableError`` for an answer that TF Serving does not give.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise not_serving(endpoint, status, body) from error
    if not isinstance(document, dict) or (status != 200 and "error" not in document):
        raise not_serving(endpoint, status, body)
    if status == 404:
        raise ModelMissingError(f"the server at {endpoint.base_url} says: {document['error']}")
    if status != 200:
        raise ServingError(f"the server at {endpoint.base_url} answers {status}: {document['error']}")
    return document


def not_serving(endpoint: Endpoint, status: int, body: bytes) -> UnreachableError:
    """Return the error for an HTTP server that is something else."""
    shown = body[:_SHOWN_BYTES].decode("utf-8", "replace")
    return UnreachableError(
        f"an HTTP server answers at {endpoint.base_url}, but not TensorFlow Serving: it says {status} {shown!r}"
    )


def grpc_call(endpoint: Endpoint, method: str, request: bytes, options: TransportOptions) -> bytes:
    """Return the serialized response of ``/package.Service/Method``.

    Raises ``UnreachableError`` where no gRPC server answers, ``ModelMissingError`` for NOT_FOUND, ``ServingError`` with
    code and details for any other refusal.
    """
    import grpc

    metadata = grpc_metadata(options.headers)
    with open_channel(endpoint, options) as channel:
        try:
            response: bytes = channel.unary_unary(method)(request, timeout=options.timeout_s, metadata=metadata)
        except grpc.RpcError as error:
            raise _grpc_error(endpoint, method, error.code().name, error.details() or "", options) from error
    return response


def _grpc_error(endpoint: Endpoint, method: str, code: str, details: str, options: TransportOptions) -> ServingError:
    where = f"{endpoint.grpc}{' with TLS' if endpoint.tls else ''}"
    details = options.without_secrets(details)
    if code == "NOT_FOUND":
        return ModelMissingError(f"the server at {where} says: {details}")
    if code == "UNIMPLEMENTED":
        return UnreachableError(f"a gRPC server answers at {where}, but not TensorFlow Serving: it has no {method}")
    advice = grpc_trouble(endpoint.grpc, code, details, options, tls=endpoint.tls)
    if code == "DEADLINE_EXCEEDED":
        wrong_port = "Is it the server's gRPC port?" if "timeout" in advice else f"{advice[0].upper()}{advice[1:]}"
        return UnreachableError(f"no answer from {where} within {options.timeout_s:g} s. {wrong_port}")
    if code == "UNAVAILABLE":
        return UnreachableError(f"no gRPC server at {where}: {advice} (grpc says: {details})")
    return ServingError(f"{method} on {where} failed with {code}: {details}")
