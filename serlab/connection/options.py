"""How a client talks to a server, whatever the protocol: one object for questions and for measured calls."""

from __future__ import annotations

import math
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from serlab.connection.headers import checked_headers
from serlab.errors import UsageError
from serlab.records.secret import Secret, without_secrets

#: The client settings the lab compares protocols with; the same time limit holds for both.
DEFAULT_TIMEOUT_S = 5.0
DEFAULT_MAX_RECEIVE_BYTES = 100 * 2**20
#: A stock gRPC server ends a connection that pings more often than every 5 minutes while no data comes
#: (grpc core, GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS); a slow answer is such a time.
DEFAULT_KEEPALIVE_MS = 330_000


@dataclass(frozen=True, slots=True)
class TransportOptions:
    """How a client talks to an endpoint.

    ``timeout_s`` bounds one whole exchange, from the first byte sent to the last byte received, for both protocols.
    ``max_receive_bytes`` is gRPC's limit on a response (None: grpc's own default, 4 MiB); HTTP clients have none.
    ``reconnect_ms`` is how long a gRPC channel waits before it connects again to a server that was gone (None: grpc's
    own back-off, from 1 s up to 2 minutes); over REST every call connects where there is no connection.
    ``ca``, ``cert`` and ``key`` are paths of PEM files; "" uses the system's trust store and no client certificate.
    ``headers`` go with every call, as gRPC metadata or as HTTP headers; their values are kept as ``Secret``.
    ``authority`` stands for the address where the server is named: HTTP's Host, gRPC's :authority, and the name that
    its certificate must have; "" is the address itself.

    What a result file keeps is ``as_record()``. Raises ``UsageError`` for values that cannot be meant.
    """

    timeout_s: float = DEFAULT_TIMEOUT_S
    quickack: bool = True
    max_receive_bytes: int | None = DEFAULT_MAX_RECEIVE_BYTES
    keepalive_ms: int = DEFAULT_KEEPALIVE_MS
    reconnect_ms: int | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    ca: str = ""
    cert: str = ""
    key: str = ""
    authority: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s < math.inf:
            raise UsageError(f"a timeout of {self.timeout_s} s cannot be met: give a positive number of seconds")
        if bool(self.cert) != bool(self.key):
            raise UsageError("a client certificate and its private key go together: give --cert and --key, or neither")
        authority = self.authority
        if authority and (not authority.isprintable() or not authority.isascii() or set(authority) & set("/@ ?#")):
            raise UsageError(f"--authority {authority!r} is not HOST or HOST:PORT")
        object.__setattr__(self, "headers", checked_headers(self.headers))

    def as_record(self) -> dict[str, Any]:
        """Return what a result remembers: no header values, and QUICKACK only where the platform has it."""
        return asdict(self) | {
            "headers": {name: str(value) for name, value in self.headers.items()},
            "quickack": self.quickack and hasattr(socket, "TCP_QUICKACK"),
        }

    def without_secrets(self, words: str) -> str:
        """Return a server's words without header values that it may quote."""
        return without_secrets(words, self.headers)

    def server_name(self, host: str) -> str:
        """Return the name that the certificate of a server at ``host`` must have."""
        return host_of(self.authority) if self.authority else host


def host_of(authority: str) -> str:
    """Return the host of ``HOST``, ``HOST:PORT`` or ``[IPv6]:PORT``, without brackets."""
    host, _, port = authority.rpartition(":")
    whole = authority if not host or not port.isdigit() or (":" in host and not host.endswith("]")) else host
    return whole.strip("[]")
