"""Questions to a server that are not measured: plain HTTP GET and unary gRPC, with errors that name the likely cause.

Measured calls go through ``serlab.transports``; these here are about being understood when something is wrong.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from serlab.errors import ServingError, UsageError
from serlab.records.run import Endpoint

if TYPE_CHECKING:
    import grpc

#: Status and metadata are small; a server that takes longer is not well.
DEFAULT_TIMEOUT_S = 5.0
#: RFC 9110, section 5.6.2: the characters of a field name.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class UnreachableError(ServingError):
    """Nobody answers at the address, or not in the protocol that was expected there."""


class ModelMissingError(ServingError):
    """The server answers, and does not have the model."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a client needs besides addresses: PEM files ("" for the system's defaults) and headers for every call.

    Raises ``UsageError`` for a certificate without its key or the other way around, and for headers HTTP cannot carry.
    """

    ca: str = ""
    cert: str = ""
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = DEFAULT_TIMEOUT_S

    def __post_init__(self) -> None:
        if bool(self.cert) != bool(self.key):
            raise UsageError("a client certificate and its private key go together: give --cert and --key, or neither")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or not value.isprintable() or not value.isascii():
                raise UsageError(f"--header {name!r} cannot be sent: a name is one word, a value printable ASCII")


def http_get(endpoint: Endpoint, path: str, access: Access) -> tuple[int, bytes]:
    """Return status and body. Raises ``UnreachableError`` where no HTTP response comes back."""
    url = f"{endpoint.base_url}{path}"
    address = urlsplit(url)
    host, port = address.hostname or "", address.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=access.timeout_s, context=tls_context(access))
        if endpoint.tls
        else http.client.HTTPConnection(host, port, timeout=access.timeout_s)
    )
    try:
        connection.request("GET", address.path, headers=dict(access.headers))
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"no REST API at {url}: {_http_reason(error, endpoint.tls)}") from error
    finally:
        connection.close()


def server_document(endpoint: Endpoint, status: int, body: bytes) -> dict[str, Any]:
    """Return the JSON object of a REST answer.

    Raises ``ModelMissingError`` for a 404 in TF Serving's words, ``ServingError`` for its other errors, and
    ``UnreachableError`` for an answer that TF Serving does not give.
    """
    try:
        document = json.loads(body)
    except ValueError as error:
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
    shown = body[:120].decode("utf-8", "replace")
    return UnreachableError(
        f"an HTTP server answers at {endpoint.base_url}, but not TensorFlow Serving: it says {status} {shown!r}"
    )


def grpc_call(endpoint: Endpoint, method: str, request: bytes, access: Access) -> bytes:
    """Return the serialized response of ``/package.Service/Method``.

    Raises ``UnreachableError`` where no gRPC server answers, ``ModelMissingError`` for NOT_FOUND, ``ServingError`` with
    code and details for any other refusal.
    """
    import grpc

    with open_channel(endpoint, access) as channel:
        try:
            response: bytes = channel.unary_unary(method)(
                request, timeout=access.timeout_s, metadata=call_metadata(access)
            )
        except grpc.RpcError as error:
            raise _grpc_error(endpoint, method, error.code().name, error.details() or "", access) from error
    return response


def open_channel(endpoint: Endpoint, access: Access) -> grpc.Channel:
    """Return a channel for a few questions; close it after use."""
    import grpc

    # Never through a proxy of the environment, and on a fresh connection: an old one may remember a dead server.
    arguments = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
    if endpoint.tls:
        credentials = grpc.ssl_channel_credentials(_pem(access.ca), _pem(access.key), _pem(access.cert))
        return grpc.secure_channel(endpoint.grpc, credentials, arguments)
    return grpc.insecure_channel(endpoint.grpc, arguments)


def call_metadata(access: Access) -> tuple[tuple[str, str], ...]:
    """Return the headers that go with every call as gRPC metadata."""
    return tuple((name.lower(), value) for name, value in access.headers.items())


def _http_reason(error: OSError | http.client.HTTPException, tls: bool) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there (connection refused). Is the server running, and is this its REST port?"
    if isinstance(error, TimeoutError):
        return "the connection timed out. Is the address right, and does a firewall stand between?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}). Name its authority with --ca"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or error}). Leave --tls out if the server speaks plain HTTP"
    if isinstance(error, http.client.BadStatusLine) and str(error).startswith("\0\0"):
        return "it speaks HTTP/2. Is this its gRPC port?"
    if tls:
        return f"{error!r}. Is this the server's REST port, and does it ask for a client certificate (--cert, --key)?"
    return f"{error!r}. Is this the server's REST port, not its gRPC port, and does it want --tls?"


def _grpc_error(endpoint: Endpoint, method: str, code: str, details: str, access: Access) -> ServingError:
    where = f"{endpoint.grpc}{' with TLS' if endpoint.tls else ''}"
    if code == "NOT_FOUND":
        return ModelMissingError(f"the server at {where} says: {details}")
    if code == "UNIMPLEMENTED":
        return UnreachableError(f"a gRPC server answers at {where}, but not TensorFlow Serving: it has no {method}")
    if code == "DEADLINE_EXCEEDED":
        return UnreachableError(f"no answer from {where} within {access.timeout_s:g} s. Is it the server's gRPC port?")
    if code == "UNAVAILABLE":
        return UnreachableError(
            f"no gRPC server at {where}: {_grpc_advice(details, endpoint.tls)} (grpc says: {details})"
        )
    return ServingError(f"{method} on {where} failed with {code}: {details}")


def _grpc_advice(details: str, tls: bool) -> str:
    lower = details.lower()
    if "connection refused" in lower:
        return "nothing listens there. Is the server running, and is this its gRPC port?"
    if "certificate_verify_failed" in lower:
        return "its certificate is not trusted. Name its authority with --ca"
    if "wrong_version_number" in lower:
        return "it does not speak TLS there. Leave --tls out, or give the port that does"
    if "expected settings frame" in lower:
        return "it speaks another protocol. Is this the REST port?"
    if "security handshaker" in lower:
        return "the file given with --ca, --cert or --key is not a PEM certificate or key"
    if tls:
        return "the connection broke. Does it ask for a client certificate (--cert, --key)?"
    return "the connection broke. Does it want --tls?"


def tls_context(access: Access) -> ssl.SSLContext:
    """Return the context for a client of ``access``. Raises ``UsageError`` for files that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=access.ca or None)
        if access.cert:
            context.load_cert_chain(access.cert, access.key)
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(path for path in (access.ca, access.cert, access.key) if path)
        raise UsageError(f"cannot use the TLS files ({files}): {error}") from error
    return context


def _pem(path: str) -> bytes | None:
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the TLS file {path}: {error.strerror}") from error
