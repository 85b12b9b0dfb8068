"""Request bodies sent while they are made, and bodies that are compressed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from serlab.errors import CodecError, TransportError
from serlab.transports.rest import RestTransport


def read_chunked(peer: Any) -> tuple[bytes, list[bytes]]:
    """Return a request's head and its chunks, byte for byte as RFC 9112 frames them."""

    def until(mark: bytes) -> bytes:
        while mark not in peer.buffer:
            received = peer.sock.recv(1 << 16)
            if not received:
                raise EOFError
            peer.buffer += received
        found, _, peer.buffer = peer.buffer.partition(mark)
        return bytes(found)

    head, chunks = until(b"\r\n\r\n"), []
    while size := int(until(b"\r\n"), 16):
        chunk = until(b"\r\n")
        assert len(chunk) == size
        chunks.append(chunk)
    assert until(b"\r\n") == b""
    return head, chunks


@pytest.fixture
def chunk_server(http_server: Callable[..., Any]) -> tuple[Any, list[tuple[bytes, list[bytes]]]]:
    """A server that answers chunked requests with what it got, and the requests."""
    seen: list[tuple[bytes, list[bytes]]] = []

    def script(peer: Any) -> None:
        while True:
            seen.append(read_chunked(peer))
            peer.answer(b"".join(seen[-1][1]))

    return http_server(script), seen


def test_every_piece_is_a_chunk_and_the_connection_is_kept(chunk_server: Any, call: Any) -> None:
    server, seen = chunk_server
    with RestTransport(server.endpoint, call) as transport:
        assert transport.send_chunks(iter([b'{"a":', b"[1,2]", b"}"])) == b'{"a":[1,2]}'
        assert transport.send_chunks([b"x" * 300_000]) == b"x" * 300_000
        assert transport.connects == 1
    (head, chunks), (_, large) = seen
    assert chunks == [b'{"a":', b"[1,2]", b"}"]
    assert b"Transfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    assert [len(chunk) for chunk in large] == [300_000]


def test_an_empty_piece_does_not_end_the_body(chunk_server: Any, call: Any) -> None:
    server, seen = chunk_server
    with RestTransport(server.endpoint, call) as transport:
        assert transport.send_chunks([b"", b"a", b"", b"b"]) == b"ab"
        assert transport.send_chunks([]) == b""
    assert seen[0][1] == [b"a", b"b"]
    assert seen[1][1] == []


def test_pieces_are_asked_for_one_at_a_time_and_let_go_of(chunk_server: Any, call: Any) -> None:
    class Piece(bytes):
        alive = 0

        def __new__(cls, data: bytes) -> Piece:
            cls.alive += 1
            return super().__new__(cls, data)

        def __del__(self) -> None:
            Piece.alive -= 1

    most = 0

    def pieces() -> Iterator[bytes]:
        nonlocal most
        for number in range(5):
            yield Piece(b"%d" % number)
            most = max(most, Piece.alive)

    server, _ = chunk_server
    with RestTransport(server.endpoint, call) as transport:
        assert transport.send_chunks(pieces()) == b"01234"
    assert most == 0  # the one that was sent is gone before the next is made


def test_an_error_while_making_the_body_leaves_no_half_request_behind(chunk_server: Any, call: Any) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise CodecError("no more")

    server, seen = chunk_server
    with RestTransport(server.endpoint, call) as transport:
        with pytest.raises(CodecError, match="no more"):
            transport.send_chunks(pieces())
        assert transport.send_chunks([b"whole"]) == b"whole"
        assert transport.connects == 2
    assert [chunks for _, chunks in seen] == [[b"whole"]]


def test_a_server_that_refuses_early_is_heard(http_server: Callable[..., Any], call: Any) -> None:
    def refuse(peer: Any) -> None:
        peer.sock.recv(1000)
        peer.answer(b'{"error": "too much"}', status="413 Too Large", extra="Connection: close\r\n")
        while peer.sock.recv(1 << 20):
            pass

    server = http_server(refuse)
    with (
        RestTransport(server.endpoint, call) as transport,
        pytest.raises(TransportError, match="too much") as caught,
    ):
        transport.send_chunks(b"x" * 1000 for _ in range(10))
    assert caught.value.code == "413"


def test_a_compressed_body_is_announced_and_a_plain_one_is_not(
    http_server: Callable[..., Any], echo_script: Any, call: Any
) -> None:
    class Compressed(bytes):
        content_encoding = "gzip"

    server = http_server(echo_script)
    with RestTransport(server.endpoint, call) as transport:
        assert transport.send(Compressed(b"\x1f\x8b...")) == b"\x1f\x8b..."
        transport.send(b"plain")
    (first, _), (second, _) = server.requests
    assert b"\r\nContent-Encoding: gzip\r\n" in first
    assert first.endswith(b"Content-Length: 5")
    assert b"Content-Encoding" not in second
