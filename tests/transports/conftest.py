from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from serlab.records.call import Call
from serlab.records.run import Endpoint

Script = Callable[["Peer"], None]


@dataclass
class Peer:
    """The server's end of one connection, for scripts that misbehave to the byte."""

    sock: socket.socket
    buffer: bytes = b""

    def read_request(self) -> tuple[bytes, bytes]:
        """Return the head and the body of the next request. Raises ``EOFError`` when the client has gone."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lengths = [
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        ]
        while len(self.buffer) < lengths[0]:
            self._more()
        body, self.buffer = self.buffer[: lengths[0]], self.buffer[lengths[0] :]
        return head, body

    def answer(self, body: bytes, status: str = "200 OK", extra: str = "") -> None:
        self.sock.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body)

    def await_goodbye(self) -> None:
        """Wait until the client has closed its end."""
        while self.sock.recv(1 << 16):
            pass

    def _more(self) -> None:
        received = self.sock.recv(1 << 20)
        if not received:
            raise EOFError
        self.buffer += received


@dataclass
class ScriptedServer:
    """Runs a script per connection and remembers the requests the scripts read."""

    address: str
    requests: list[tuple[bytes, bytes]] = field(default_factory=list)
    connections: int = 0

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("embedded", "scripted", grpc="", rest=self.address)


@pytest.fixture
def http_server() -> Iterator[Callable[..., ScriptedServer]]:
    """Start a server that runs ``scripts[i]`` on its i-th connection, the last one on all that follow."""
    listeners: list[socket.socket] = []

    def start(*scripts: Script, context: ssl.SSLContext | None = None) -> ScriptedServer:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        server = ScriptedServer(f"127.0.0.1:{listener.getsockname()[1]}")

        def converse(sock: socket.socket, script: Script) -> None:
            with suppress(EOFError, OSError):
                if context is not None:
                    sock = context.wrap_socket(sock, server_side=True)
                peer = Peer(sock)
                read = peer.read_request

                def remembering() -> tuple[bytes, bytes]:
                    server.requests.append(read())
                    return server.requests[-1]

                peer.read_request = remembering  # type: ignore[method-assign]
                script(peer)
            sock.close()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    script = scripts[min(server.connections, len(scripts) - 1)]
                    server.connections += 1
                    threading.Thread(target=converse, args=(sock, script), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return server

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def echo_script() -> Script:
    """Answer every request with its own body, on a connection that stays open."""

    def script(peer: Peer) -> None:
        while True:
            peer.answer(peer.read_request()[1])

    return script


@pytest.fixture
def call() -> Call:
    return Call("echo", "serving_default", {}, {})
