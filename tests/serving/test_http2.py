from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from serlab.connection import TransportOptions
from serlab.serving.http2 import try_preface

QUICK = TransportOptions(timeout_s=1.0)
SETTINGS = b"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64"
GOAWAY = b"\0\0\x08\7\0\0\0\0\0" + b"\0" * 8


@pytest.fixture
def listen() -> Any:
    """Start a server that does one thing with its only connection; returns its address."""
    with ExitStack() as stack:

        def start(behave: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                with suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        behave(tls.wrap_socket(connection, server_side=True) if tls else connection)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            stack.callback(thread.join, 3)
            return f"127.0.0.1:{listener.getsockname()[1]}"

        yield start


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(answer)
        connection.recv(100)

    return behave


def test_a_server_that_answers_settings_speaks_http2(listen: Any) -> None:
    assert try_preface(listen(answering(SETTINGS)), options=QUICK).passed


def test_settings_that_come_in_pieces_are_put_together(listen: Any) -> None:
    def behave(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(100)
        for byte in SETTINGS[:9]:
            connection.sendall(bytes([byte]))
        connection.recv(100)

    assert try_preface(listen(behave), options=QUICK).outcome == "http/2"


def test_a_closed_port_is_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert try_preface(f"127.0.0.1:{port}", options=QUICK).outcome == "refused connection"


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 Bad Request"),
        (GOAWAY, "GOAWAY"),
        (b"", "closed without an answer"),
    ],
)
def test_a_port_that_does_not_take_the_preface_is_told_from_a_closed_one(
    listen: Any, answer: bytes, detail: str
) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(answer)

    preface = try_preface(listen(behave), options=QUICK)
    assert preface.outcome == "refused preface"
    assert detail in preface.detail


def test_a_port_that_resets_the_connection_refuses_the_preface(listen: Any) -> None:
    def behave(connection: socket.socket) -> None:
        # Closing with unread input, and lingering for 0 s, makes the kernel send RST.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.recv(1)

    assert try_preface(listen(behave), options=QUICK).outcome == "refused preface"


def test_a_middlebox_that_swallows_the_preface_is_silent(listen: Any) -> None:
    def behave(connection: socket.socket) -> None:
        while connection.recv(100):
            pass

    assert try_preface(listen(behave), options=TransportOptions(timeout_s=0.3)).outcome == "silent"


def test_another_protocol_is_quoted(listen: Any) -> None:
    preface = try_preface(listen(answering(b"220 mail.example ESMTP\r\n")), options=QUICK)
    assert preface.outcome == "other protocol"
    assert "220 mail" in preface.detail


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    assert try_preface("no-such-host.invalid:1", options=QUICK).outcome == "unreachable"


@pytest.mark.parametrize(("protocols", "outcome"), [(["h2"], "http/2"), (["http/1.1"], "no h2 in tls")])
def test_over_tls_it_is_the_handshake_that_offers_http2(
    listen: Any, certificates: Any, protocols: list[str], outcome: str
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server_cert, certificates.server_key)
    context.set_alpn_protocols(protocols)
    address = listen(answering(SETTINGS), context)
    options = TransportOptions(ca=certificates.ca, timeout_s=2.0)
    assert try_preface(address, tls=True, options=options).outcome == outcome


def test_a_plain_port_asked_for_tls_fails_in_the_handshake(listen: Any) -> None:
    address = listen(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert try_preface(address, tls=True, options=QUICK).outcome == "tls failed"
