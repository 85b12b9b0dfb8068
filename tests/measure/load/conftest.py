from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from serlab.codecs import registry
from serlab.measure.calls import echo_call
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.load import StepLimits
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions

PAYLOAD = "1x16:float32"
#: Longer than any client here waits, short enough for a server's threads to end with the test.
SILENCE_S = 3.0


@dataclass
class Behaviour:
    """What the server does wrong: answers after ``delay_s``, every second call with 503, or not at all."""

    delay_s: float = 0.0
    every_second_fails: bool = False
    silent: bool = False
    most_at_once: int = 1000
    #: Calls answered with a usable body, so that tests can compare what the client counted.
    answered: int = 0
    connections: int = 0
    lock: threading.Condition = field(default_factory=threading.Condition)
    over: threading.Event = field(default_factory=threading.Event)
    calls: int = 0
    running: int = 0
    #: The most calls that were in the server at once, since this was last set to 0.
    most_running: int = 0

    @contextmanager
    def call(self) -> Iterator[tuple[bool, bool]]:
        """Take part in a call for as long as it takes; tell whether it shall succeed, and whether there is room."""
        with self.lock:
            self.calls += 1
            good = not (self.every_second_fails and self.calls % 2)
            room = self.running < self.most_at_once
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        if room:
            self.over.wait(SILENCE_S if self.silent else self.delay_s)
        with self.lock:
            self.running -= 1
            self.answered += good and room
            self.lock.notify_all()
        yield good, room

    def await_calls(self, count: int) -> None:
        """Wait until so many calls were answered."""
        with self.lock:
            assert self.lock.wait_for(lambda: self.answered >= count, 60)


class RestEcho:
    """A small HTTP/1.1 server: one thread per connection, the answer a real server would give to orjson's body."""

    def __init__(self, behaviour: Behaviour, port: int = 0) -> None:
        codec, payload = registry.get("orjson"), parse_payload(PAYLOAD)
        call = echo_call(codec, payload)
        self._behaviour = behaviour
        self._body = codec.write_response({"y": payload.array()}, call)
        self._listener = socket.create_server(("127.0.0.1", port))
        self._socks: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._socks:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._socks.append(sock)
                self._behaviour.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError, EOFError), sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            buffer = b""
            while True:
                while b"\r\n\r\n" not in buffer:
                    buffer += _received(sock)
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                while len(buffer) < size:
                    buffer += _received(sock)
                buffer = buffer[size:]
                sock.sendall(self._answer())

    def _answer(self) -> bytes:
        with self._behaviour.call() as (good, _):
            if not good:
                return b'HTTP/1.1 503 Busy\r\nContent-Length: 16\r\n\r\n{"error":"busy"}'
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(self._body), self._body)


def _received(sock: socket.socket) -> bytes:
    data = sock.recv(1 << 16)
    if not data:
        raise EOFError
    return data


class GrpcEcho:
    """Predict that answers any request with the tensor of ``PAYLOAD``."""

    def __init__(self, behaviour: Behaviour, port: int = 0) -> None:
        import grpc

        codec, payload = registry.get("wire"), parse_payload(PAYLOAD)
        call = echo_call(codec, payload)
        answer = codec.write_response(payload.build(call.outputs), call, "values")

        def predict(body: bytes, context: Any) -> bytes:
            with behaviour.call() as (good, room):
                if not room:
                    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
                if not good:
                    context.abort(grpc.StatusCode.INTERNAL, "half of them")
            return answer

        self._server = grpc.server(futures.ThreadPoolExecutor(64), options=[("grpc.so_reuseport", 0)])
        handler = grpc.unary_unary_rpc_method_handler(predict)
        service = grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", {"Predict": handler})
        self._server.add_generic_rpc_handlers((service,))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self._server.start()

    def close(self) -> None:
        self._server.stop(None).wait()


@dataclass
class LoadServer:
    """Both servers and how they behave; ``restart`` takes them away for a while and brings them back."""

    behaviour: Behaviour
    rest: RestEcho
    grpc: GrpcEcho

    def target(self, timeout_s: float = 5.0) -> Target:
        endpoint = Endpoint("embedded", "made up", f"127.0.0.1:{self.grpc.port}", f"127.0.0.1:{self.rest.port}")
        return Target(endpoint, TransportOptions(timeout_s=timeout_s))

    def stop(self) -> None:
        self.rest.close()
        self.grpc.close()

    def restart(self, away_s: float) -> None:
        self.stop()
        time.sleep(away_s)
        self.rest = RestEcho(self.behaviour, self.rest.port)
        self.grpc = GrpcEcho(self.behaviour, self.grpc.port)


@pytest.fixture
def start_server() -> Iterator[Callable[..., LoadServer]]:
    started: list[LoadServer] = []

    def start(**wrong: Any) -> LoadServer:
        behaviour = Behaviour(**wrong)
        started.append(LoadServer(behaviour, RestEcho(behaviour), GrpcEcho(behaviour)))
        return started[-1]

    yield start
    for server in started:
        server.behaviour.over.set()
        server.stop()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(("orjson", "wire")) as started:
        yield started


@pytest.fixture
def brief() -> StepLimits:
    """Three windows whatever they say, half a second in all."""
    return StepLimits(warmup_s=0.1, window_s=0.15, min_windows=3, max_windows=3)
