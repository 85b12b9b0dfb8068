"""Whether HTTP/2 gets through to an address: the connection preface is sent, and what comes back is looked at.

gRPC reports one and the same UNAVAILABLE for a port where nobody listens, for a server that speaks something else, and
for a middlebox in between that does not let HTTP/2 pass. Bytes on a plain socket tell them apart.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from serlab.connection import TransportOptions
from serlab.connection.advice import socket_trouble
from serlab.connection.tls import speaks_tls, tls_context

#: RFC 9113, section 3.4: the client's preface is this text and a SETTINGS frame, here an empty one.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_EMPTY_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
#: Section 4.1: length (3 bytes), type, flags, stream (4 bytes).
_FRAME_HEAD_BYTES = 9
_SETTINGS, _GOAWAY = 4, 7

Outcome = Literal[
    "http/2",  # the server answered with its own SETTINGS
    "unreachable",  # no route, no such host, or no answer to the attempt to connect
    "refused connection",  # nobody listens on the port
    "wants tls",  # the server speaks TLS, and was spoken to without
    "tls failed",  # no encrypted connection came about
    "no h2 in tls",  # TLS works, and its ALPN does not offer h2
    "refused preface",  # connected, and then: closed, reset, GOAWAY, or an HTTP/1.x answer
    "silent",  # connected, and nothing came back
    "other protocol",  # connected, and something else came back
]


@dataclass(frozen=True, slots=True)
class Preface:
    """What became of the preface; ``detail`` quotes what was seen, ``advice`` is what follows from it alone."""

    outcome: Outcome
    detail: str
    advice: str = ""

    @property
    def passed(self) -> bool:
        """Whether HTTP/2 works up to this point."""
        return self.outcome == "http/2"


def try_preface(address: str, *, tls: bool = False, options: TransportOptions | None = None) -> Preface:
    """Send the HTTP/2 connection preface to ``host:port`` and say what came back. Raises nothing for the network."""
    options = options or TransportOptions()
    parts = urlsplit(f"//{address}")
    try:
        plain = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=options.timeout_s)
    except ConnectionRefusedError:
        return Preface("refused connection", "nothing listens there")
    except OSError as error:
        return Preface("unreachable", error.strerror or str(error))
    with plain:
        if not tls:
            preface = _exchange(plain)
            plain.close()  # a server that takes one connection at a time is asked once more
            answered = preface.passed or "HTTP/1" in preface.detail
            if not answered and speaks_tls(parts.hostname or "", parts.port or 0, options.timeout_s):
                return Preface("wants tls", "the server there speaks TLS, and the client does not")
            return preface
        context = tls_context(options)
        context.set_alpn_protocols(["h2"])
        try:
            with context.wrap_socket(plain, server_hostname=options.server_name(parts.hostname or "")) as encrypted:
                if encrypted.selected_alpn_protocol() != "h2":
                    return Preface("no h2 in tls", "the TLS handshake succeeds without choosing h2")
                return _exchange(encrypted)
        except ssl.SSLError as error:
            trouble = socket_trouble(error, parts.hostname or "", parts.port or 0, options, tls=True)
            return Preface("tls failed", str(error.reason or error), f"{trouble[0].upper()}{trouble[1:]}.")
        except OSError as error:
            return Preface("tls failed", error.strerror or str(error))


def _exchange(connection: socket.socket) -> Preface:
    received = b""
    try:
        connection.sendall(_PREFACE + _EMPTY_SETTINGS)
        while len(received) < _FRAME_HEAD_BYTES:
            more = connection.recv(4096)
            if not more:
                return _closed(received)
            received += more
    except TimeoutError:
        return Preface("silent", f"{len(received)} bytes came back before the time limit")
    except OSError as error:
        return Preface("refused preface", f"the connection was broken: {error.strerror or error}")
    return _read(received)


def _closed(received: bytes) -> Preface:
    if received:
        return _read(received)
    return Preface("refused preface", "the connection was closed without an answer")


def _read(received: bytes) -> Preface:
    if received.startswith(b"HTTP/1"):
        line = received.split(b"\r\n", 1)[0][:80].decode("latin-1")
        return Preface("refused preface", f"an HTTP/1.x server or proxy answered: {line}")
    if len(received) >= _FRAME_HEAD_BYTES:
        kind, stream = received[3], received[5:9]
        if kind == _SETTINGS and not any(stream):
            return Preface("http/2", "the server answered with its SETTINGS")
        if kind == _GOAWAY and not any(stream):
            return Preface("refused preface", "the server answered with GOAWAY")
    return Preface("other protocol", f"it begins with {received[:20]!r}")
