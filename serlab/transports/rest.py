"""REST over HTTP/1.1: posts a body to ``/v1/models/<model>:predict`` over one keep-alive connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from urllib.parse import quote, urlsplit

from serlab.connection import TransportOptions
from serlab.connection.advice import socket_trouble
from serlab.connection.headers import http_headers
from serlab.connection.tls import tls_context
from serlab.errors import TransportError, UsageError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.base import NetworkTransport
from serlab.transports.http1 import Http1Connection, Response
from serlab.transports.http_answer import NotHttpError

#: How much of an error that is not TF Serving's JSON is shown.
_SHOWN_CHARACTERS = 300


class RestTransport(NetworkTransport):
    """Posts bodies to one model's predict method.

    Environment proxies are not used, not even for other hosts: a benchmark must know what it measures. To measure a
    proxy, name it as the endpoint. The call's version or label is in the path; without one the server picks.
    """

    name = "rest"

    def __init__(
        self,
        endpoint: Endpoint,
        call: Call,
        options: TransportOptions | None = None,
    ) -> None:
        options = options or TransportOptions()
        self.url = f"{endpoint.base_url}{predict_path(call.model, version=call.version, label=call.label or None)}"
        self._options = options
        address = urlsplit(self.url)
        if not endpoint.rest or address.hostname is None or address.port is None:
            raise UsageError(
                f"{endpoint.label} offers no REST API: choose codecs that speak gRPC, or give its REST port"
            )
        own = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        headers = {"Host": options.authority or address.netloc} | http_headers(options.headers, own)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._head = f"POST {address.path} HTTP/1.1\r\n{lines}".encode("ascii")
        self.address, self._tls = (address.hostname, address.port), endpoint.rest_tls
        self._connection = Http1Connection(
            address.hostname,
            address.port,
            timeout_s=options.timeout_s,
            quickack=options.quickack,
            tls=(lambda: tls_context(options)) if endpoint.rest_tls else None,
            server_name=options.server_name(address.hostname),
        )

    @classmethod
    def connect_to(cls, endpoint: Endpoint, call: Call, options: TransportOptions) -> RestTransport:
        """Return a transport to the version of the model that the server chooses."""
        return cls(endpoint, call, options)

    @property
    def connects(self) -> int:
        """How many connections were made: more than one means that the server closed the one before."""
        return self._connection.connects

    def head(self, body: bytes) -> bytes:
        """Return the head of a request with ``body``, its empty line included.

        A body that is encoded says so itself (``content_encoding``), and its head says it to the server.
        """
        coding = getattr(body, "content_encoding", "")
        announced = b"Content-Encoding: %b\r\n" % coding.encode("ascii") if coding else b""
        return b"%b%bContent-Length: %d\r\n\r\n" % (self._head, announced, len(body))

    def send(self, body: bytes) -> bytes:
        """Return the body of a 200 answer. ``TransportError.code`` is the status of any other."""
        return self._usable(lambda: self._connection.exchange(self.head(body), body))

    def send_chunks(self, chunks: Iterable[bytes]) -> bytes:
        """Send a body while it is being made, with ``Transfer-Encoding: chunked``; return what ``send`` returns.

        What ``chunks`` raises passes through; the server then gets an incomplete request and a closed connection.
        """
        head = b"%bTransfer-Encoding: chunked\r\n\r\n" % self._head
        return self._usable(lambda: self._connection.exchange_chunks(head, chunks))

    def _usable(self, exchange: Callable[[], Response]) -> bytes:
        try:
            response = exchange()
        except NotHttpError as error:
            raise TransportError(
                f"the answer from {self.url} is not a whole HTTP/1.1 response: {error}. "
                "Is this the server's REST port, and is the server still running?"
            ) from error
        except OSError as error:
            raise TransportError(f"POST {self.url} failed: {self._explain(error)}") from error
        if response.status != 200:
            words = self._options.without_secrets(f"{response.reason}: {error_text(response.body)}")
            raise TransportError(
                f"POST {self.url} was answered with {response.status} {words}", code=str(response.status)
            )
        encoding = response.headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise TransportError(
                f"{self.url} compressed its answer ({encoding}) though it was asked not to", code="200"
            )
        return response.body

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _explain(self, error: OSError) -> str:
        if isinstance(error, TimeoutError):
            limit = f"{self._options.timeout_s:g} s"
            return f"no complete answer within {limit}. Raise the timeout if the call may take longer"
        return socket_trouble(error, *self.address, self._options, tls=self._tls)


def predict_path(model: str, *, version: int | None = None, label: str | None = None) -> str:
    """Return the path of a model's predict method. Raises ``UsageError`` for both a version and a label."""
    if version is not None and label is not None:
        raise UsageError("a model version is picked by number or by label, not by both")
    path = f"/v1/models/{quote(model, safe='')}"
    if version is not None:
        path += f"/versions/{version:d}"
    elif label is not None:
        path += f"/labels/{quote(label, safe='')}"
    return f"{path}:predict"


def error_text(body: bytes) -> str:
    """Return the server's own words: the ``error`` member TF Serving sends, or the beginning of anything else."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict) and "error" in document:
        return str(document["error"])
    return text[:_SHOWN_CHARACTERS] or "(no text)"
