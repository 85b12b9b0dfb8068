"""gRPC around the service, with a service that only waits or repeats."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("grpc")
pytest.importorskip("tensorflow")

import grpc

from serlab.embedded.rpc.server import start_grpc
from serlab.embedded.status import Code, StatusError
from serlab.errors import ServingError

HOST = "127.0.0.1"
THREADS = 2


class Waiting:
    """``Wait`` holds a call until ``release`` is set; ``Repeat`` answers what it got; ``Fail`` does."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.entered = threading.Semaphore(0)

    def wait(self, body: bytes) -> bytes:
        self.entered.release()
        assert self.release.wait(60)
        return body

    def fail(self, body: bytes) -> bytes:
        raise StatusError(Code.DATA_LOSS, "gone: é")

    def ramble(self, body: bytes) -> bytes:
        raise StatusError(Code.INTERNAL, "é" * 513)

    def exhaust(self, body: bytes) -> bytes:
        raise MemoryError

    def methods(self) -> dict[str, dict[str, Any]]:
        repeat: Any = lambda body: body  # noqa: E731
        fails = {"Fail": self.fail, "Exhaust": self.exhaust, "Ramble": self.ramble}
        return {"test.Service": {"Wait": self.wait, "Repeat": repeat, **fails}}


@pytest.fixture
def service() -> Waiting:
    return Waiting()


@pytest.fixture
def port(service: Waiting) -> Iterator[int]:
    server, port = start_grpc(service, f"{HOST}:0", max_threads=THREADS, channel_arguments=[])  # type: ignore[arg-type]
    yield port
    service.release.set()
    server.stop(None).wait()


@pytest.fixture
def channel(port: int) -> Iterator[Any]:
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"{HOST}:{port}", options=unlimited) as channel:
        yield channel


def _call(channel: Any, method: str, body: bytes = b"") -> Any:
    return channel.unary_unary(f"/test.Service/{method}").future(body, timeout=60)


def test_a_call_beyond_the_threads_is_refused_at_once(channel: Any, service: Waiting) -> None:
    running = [_call(channel, "Wait", b"done") for _ in range(THREADS)]
    for _ in running:
        assert service.entered.acquire(timeout=60)
    error = _call(channel, "Repeat").exception()
    assert (error.code(), error.details()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
    service.release.set()
    assert [call.result() for call in running] == [b"done"] * THREADS
    assert _call(channel, "Repeat", b"free again").result() == b"free again"


def test_a_message_is_cut_at_1024_bytes(channel: grpc.Channel) -> None:
    assert _call(channel, "Ramble").exception().details() == "é" * 512 + "...TRUNCATED"


def test_statuses_keep_code_and_message(channel: Any) -> None:
    error = _call(channel, "Fail").exception()
    assert (error.code(), error.details()) == (grpc.StatusCode.DATA_LOSS, "gone: é")


def test_no_memory_left_is_a_status_and_not_the_end(channel: Any) -> None:
    assert _call(channel, "Exhaust").exception().code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert _call(channel, "Repeat", b"alive").result() == b"alive"


def test_failures_give_their_thread_back(channel: Any) -> None:
    for _ in range(3 * THREADS):
        assert _call(channel, "Fail").exception().code() is grpc.StatusCode.DATA_LOSS
    assert _call(channel, "Repeat", b"x").result() == b"x"


def test_messages_above_grpcs_usual_limit_are_taken(channel: Any) -> None:
    body = bytes(20 << 20)
    assert _call(channel, "Repeat", body).result() == body


def test_an_unknown_method_is_unimplemented(channel: Any) -> None:
    assert _call(channel, "Nope").exception().code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_frame_cut_short_ends_its_own_call_only(port: int, channel: Any) -> None:
    """A connection that announces a message of 1000 bytes and closes after 4."""
    preface, settings = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", struct.pack(">IBI", 0, 4, 0)[1:]
    # HEADERS of a POST to /test.Service/Repeat, without Huffman coding or dynamic table.
    fields = [(":method", "POST"), (":scheme", "http"), (":path", "/test.Service/Repeat"), (":authority", "h"),
              ("te", "trailers"), ("content-type", "application/grpc")]  # fmt: skip
    block = b"".join(
        b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode() for name, value in fields
    )
    headers = struct.pack(">I", len(block))[1:] + b"\x01\x04" + struct.pack(">I", 1) + block
    message = b"\0" + struct.pack(">I", 1000) + b"abcd"
    data = struct.pack(">I", len(message))[1:] + b"\0\0" + struct.pack(">I", 1) + message
    with socket.create_connection((HOST, port), timeout=60) as connection:
        connection.sendall(preface + settings + headers + data)
        assert connection.recv(65536)
    assert _call(channel, "Repeat", b"whole").result() == b"whole"


def test_a_port_in_use_is_named(service: Waiting) -> None:
    with socket.create_server((HOST, 0)) as taken:
        address = f"{HOST}:{taken.getsockname()[1]}"
        with pytest.raises(ServingError, match=f"cannot listen for gRPC on {address}"):
            start_grpc(service, address, max_threads=1, channel_arguments=[])  # type: ignore[arg-type]
