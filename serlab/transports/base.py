"""The transport contract: one method, ``send(body) -> body``. A transport is one file in this folder."""

from __future__ import annotations

import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeVar

from serlab.errors import UsageError
from serlab.records.call import Call
from serlab.records.run import Endpoint

#: The client settings the lab compares protocols with; the same time limit holds for both.
DEFAULT_TIMEOUT_S = 5.0
DEFAULT_MAX_RECEIVE_BYTES = 100 * 2**20
DEFAULT_KEEPALIVE_MS = 10_000

#: What a header value is recorded as: values are often credentials.
REDACTED = "<redacted>"

#: RFC 9110, section 5.6.2: the characters of a field name.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Names that frame the message: a second value would contradict the transport's own.
_FRAMING_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "te", "host"})

AnyTransport = TypeVar("AnyTransport", bound="Transport")


@dataclass(frozen=True, slots=True)
class TransportOptions:
    """How a client talks to an endpoint.

    ``timeout_s`` bounds one whole exchange, from the first byte sent to the last byte received, for both protocols.
    ``max_receive_bytes`` is gRPC's limit on a response (None: grpc's own default, 4 MiB); HTTP clients have none.
    ``reconnect_ms`` is how long a gRPC channel waits before it connects again to a server that was gone (None: grpc's
    own back-off, from 1 s up to 2 minutes); over REST every call connects where there is no connection.
    ``ca``, ``cert`` and ``key`` are paths of PEM files; "" uses the system's trust store and no client certificate.
    ``headers`` go with every call, as gRPC metadata or as HTTP headers.

    ``dataclasses.asdict`` gives plain JSON types that rebuild the options in another process; what a result file
    keeps is ``as_record()``, which hides the values of headers. Raises ``UsageError`` for values that cannot be meant.
    """

    timeout_s: float = DEFAULT_TIMEOUT_S
    quickack: bool = True
    max_receive_bytes: int | None = DEFAULT_MAX_RECEIVE_BYTES
    keepalive_ms: int = DEFAULT_KEEPALIVE_MS
    reconnect_ms: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ca: str = ""
    cert: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if not self.timeout_s > 0:
            raise UsageError(f"a timeout of {self.timeout_s} s cannot be met: give a positive number of seconds")
        if bool(self.cert) != bool(self.key):
            raise UsageError("a client certificate and its private key go together: give both or neither")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or not value.isprintable() or not value.isascii():
                raise UsageError(f"header {name!r} cannot be sent: names are tokens, values printable ASCII")
            if name.lower() in _FRAMING_HEADERS or name.lower().startswith("grpc-"):
                raise UsageError(f"header {name!r} belongs to the protocol itself and cannot be set")

    def as_record(self) -> dict[str, Any]:
        """Return what a result remembers: no header values, and QUICKACK only where the platform has it."""
        return asdict(self) | {
            "headers": dict.fromkeys(self.headers, REDACTED),
            "quickack": self.quickack and hasattr(socket, "TCP_QUICKACK"),
        }


class Transport(ABC):
    """Moves a body to a server and brings the response body back. One call at a time, over one connection.

    Nothing connects before the first ``send``. A transport is not safe for use by several threads: each client has
    its own, as each has its own connection.
    """

    #: How results name it, and what ``open_transport`` looks for.
    name: ClassVar[str]

    @abstractmethod
    def send(self, body: bytes) -> bytes:
        """Return the response body. Raises ``TransportError`` for anything but a usable answer; never retries."""

    def close(self) -> None:  # noqa: B027  a transport without a connection has nothing to close
        """Give up the connection. A later ``send`` may raise."""

    def __enter__(self: AnyTransport) -> AnyTransport:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class NetworkTransport(Transport):
    """A transport that an endpoint's addresses suffice to open."""

    @classmethod
    @abstractmethod
    def connect_to(cls, endpoint: Endpoint, call: Call, options: TransportOptions) -> NetworkTransport:
        """Return a transport to ``endpoint``. Raises ``UsageError`` where the endpoint lacks the protocol."""
