from __future__ import annotations

import socket
import time
from typing import Any, cast

import pytest

from serlab.records.call import Call
from serlab.transports import http1
from serlab.transports.base import TransportOptions
from serlab.transports.rest import RestTransport


class SpiedSocket:
    """Records what a reader does to a socket, in order."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.log: list[str] = []

    def settimeout(self, seconds: float) -> None:
        assert 0 < seconds <= 1

    def setsockopt(self, level: int, option: int, value: int) -> None:
        assert (level, option, value) == (socket.IPPROTO_TCP, 12, 1)
        self.log.append("quickack")

    def recv_into(self, buffer: memoryview) -> int:
        self.log.append("read")
        piece = self.pieces.pop(0) if self.pieces else b""
        buffer[: len(piece)] = piece
        return len(piece)


def read_all(sock: SpiedSocket, *, quickack: bool) -> bytes:
    reader = http1.SocketReader(cast(socket.socket, sock), quickack=quickack)
    reader.deadline = time.monotonic() + 1
    reader.arm()
    received = bytearray(100)
    return b"".join(bytes(received[:count]) for count in iter(lambda: reader.readinto(memoryview(received)), 0))


def test_quickack_is_armed_before_the_first_read_and_again_after_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "_QUICKACK", 12)
    sock = SpiedSocket(b"ab", b"c")
    assert read_all(sock, quickack=True) == b"abc"
    assert sock.log == ["quickack", "read", "quickack", "read", "quickack", "read", "quickack"]


@pytest.mark.parametrize(("platform", "asked"), [(12, False), (None, True)])
def test_quickack_is_left_alone_when_turned_off_or_unknown_to_the_platform(
    monkeypatch: pytest.MonkeyPatch, platform: int | None, asked: bool
) -> None:
    monkeypatch.setattr(http1, "_QUICKACK", platform)
    sock = SpiedSocket(b"ab", b"c")
    assert read_all(sock, quickack=asked) == b"abc"
    assert sock.log == ["read"] * 3


def test_a_reader_past_its_deadline_does_not_read() -> None:
    sock = SpiedSocket(b"ab")
    reader = http1.SocketReader(cast(socket.socket, sock), quickack=False)
    reader.deadline = time.monotonic()
    with pytest.raises(TimeoutError):
        reader.readinto(memoryview(bytearray(10)))
    assert sock.log == []


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="this platform has no TCP_QUICKACK")
@pytest.mark.parametrize("quickack", [True, False])
def test_the_transport_passes_its_option_down_to_the_socket(
    http_server: Any, echo_script: Any, call: Call, monkeypatch: pytest.MonkeyPatch, quickack: bool
) -> None:
    armed = []

    class Watched(http1.SocketReader):
        def arm(self) -> None:
            armed.append(self._option)
            super().arm()

    monkeypatch.setattr(http1, "SocketReader", Watched)
    server = http_server(echo_script)
    with RestTransport(server.endpoint, call, TransportOptions(quickack=quickack)) as transport:
        transport.send(b"x" * 100_000)
    assert set(armed) == {socket.TCP_QUICKACK if quickack else None}
    assert len(armed) >= 2, "once before the first read, and after each"


def test_nagle_is_off_on_the_clients_side(http_server: Any, echo_script: Any, call: Call) -> None:
    connection = RestTransport(http_server(echo_script).endpoint, call)
    connection.send(b"x")
    sock = connection._connection._sock
    assert sock is not None
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    connection.close()
