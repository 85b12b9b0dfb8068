"""One non-blocking connection against servers that answer in every way that HTTP/1.1 allows, and some it does not."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from serlab.measure.load.http_lane import HttpLane, LaneError

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Sends the pieces of one answer per request, each by itself, and counts connections and requests."""

    def __init__(self, *pieces: bytes, hang_up: bool = False) -> None:
        self._pieces, self._hang_up = pieces, hang_up
        self.connections = self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), sock:
            received = b""
            while data := sock.recv(1 << 20):
                received += data
                while received.endswith(b"{}"):
                    received = b""
                    self.requests += 1
                    for piece in self._pieces:
                        sock.sendall(piece)
                    if self._hang_up:
                        return


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(*pieces: bytes, hang_up: bool = False) -> Server:
        started.append(Server(*pieces, hang_up=hang_up))
        return started[-1]

    yield start
    for server in started:
        server.close()


class Client:
    def __init__(self, address: tuple[str, int], request: bytes = REQUEST) -> None:
        self.selector = selectors.DefaultSelector()
        self.lane = HttpLane(address, request, memoryview(bytearray(1 << 16)), quickack=True)

    def call(self) -> None:
        """Make one call to its end. Raises ``LaneError``."""
        self.lane.begin(0.0, self.selector)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for key, _ in self.selector.select(1.0):
                if key.data.proceed(self.selector):
                    return
        raise AssertionError("the call did not end")


BODY = b'{"predictions": [1]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD + BODY,),
        (HEAD, BODY),
        (HEAD[:9], HEAD[9:-3], HEAD[-3:] + BODY[:1], BODY[1:]),
        (b"HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n",),
        (b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + BODY),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + BODY,),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n", b"0\r\n", b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",),
    ],
    ids=["at once", "head and body", "anyhow", "empty", "continue", "continue at once", "chunks", "no chunk"],
)
def test_an_answer_is_complete_however_it_arrives_and_the_connection_is_kept(
    serve: Callable[..., Server], pieces: tuple[bytes, ...]
) -> None:
    server = serve(*pieces)
    client = Client(server.address)
    for _ in range(3):
        client.call()
    assert (server.connections, server.requests) == (1, 3)
    assert not client.lane.busy


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ((HEAD + BODY[:-4],), "it ends after 16 of the 20 bytes"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), "not a whole HTTP/1.1 response: it starts with b.SSH"),
        ((), "closed the connection"),
    ],
    ids=["cut short", "another protocol", "nothing"],
)
def test_what_is_no_whole_answer_is_an_error(
    serve: Callable[..., Server], pieces: tuple[bytes, ...], words: str
) -> None:
    client = Client(serve(*pieces, hang_up=True).address)
    with pytest.raises(LaneError, match=words) as caught:
        client.call()
    assert caught.value.code == "DISCONNECTED"
    client.lane.give_up(client.selector)
    assert not client.selector.get_map()


def test_an_error_status_is_its_code_with_the_servers_words_and_keeps_the_connection(
    serve: Callable[..., Server],
) -> None:
    words = b'{ "error": "Malformed request" }'
    server = serve(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(words), words)
    client = Client(server.address)
    for _ in range(2):
        with pytest.raises(LaneError, match="Malformed request") as caught:
            client.call()
        assert caught.value.code == "400"
        client.lane.give_up(client.selector)
    assert (server.connections, server.requests) == (1, 2)


@pytest.mark.parametrize("header", [b"Connection: close\r\nContent-Length: 0", b"Server: tells no length"])
def test_a_server_that_closes_after_every_answer_is_connected_to_anew(
    serve: Callable[..., Server], header: bytes
) -> None:
    server = serve(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % header, hang_up=True)
    client = Client(server.address)
    client.call()
    client.call()
    assert (server.connections, server.requests) == (2, 2)


def test_a_connection_that_the_server_gave_up_in_between_costs_no_call(serve: Callable[..., Server]) -> None:
    server = serve(HEAD + BODY, hang_up=True)
    client = Client(server.address)
    client.call()
    for key, _ in client.selector.select(5.0):
        assert not key.data.proceed(client.selector)
    client.call()
    assert (server.connections, server.requests) == (2, 2)


def test_a_body_larger_than_any_buffer_is_sent_whole(serve: Callable[..., Server]) -> None:
    large = b"POST / HTTP/1.1\r\n\r\n" + b"x" * 5_000_000 + b"{}"
    server = serve(HEAD + BODY)
    client = Client(server.address, large)
    client.call()
    client.call()
    assert (server.connections, server.requests) == (1, 2)


def test_nothing_listening_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()[:2]
    with pytest.raises(LaneError) as caught:
        Client(address).call()
    assert caught.value.code == "REFUSED"
