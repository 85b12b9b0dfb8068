"""HTTP for the REST API: a thread for each connection reads requests and answers them, one after the other.

Threads rather than an event loop with a pool behind it: a request is not handed from one thread to another on its way.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
import traceback
from email.utils import formatdate

from serlab.embedded.rest.api import Answer, Request, RestApi, error_page
from serlab.embedded.rest.http_head import BadRequestError
from serlab.embedded.rest.http_stream import HttpStream, RefusedError
from serlab.errors import ServingError

#: A refused body is read on for this many seconds, so that a client that is still sending gets to see the answer.
LINGER_S = 5.0
#: Answers up to this many bytes go out in one piece with their head.
_SMALL_BYTES = 1 << 16


class RestServer:
    """An HTTP server that answers at most ``threads`` requests at a time."""

    def __init__(self, api: RestApi, host: str, port: int, *, threads: int) -> None:
        self._api = api
        self._host, self._port = host, port
        self._running = threading.BoundedSemaphore(threads)
        self._listener: socket.socket | None = None
        self._grace_s = 0.0
        self._stopping = False
        #: Every open connection, and whether a request of it is being answered.
        self._busy: dict[socket.socket, bool] = {}
        self._changed = threading.Condition()

    def start(self, grace_s: float) -> int:
        """Bind, begin to answer, and return the port. ``stop`` will wait up to ``grace_s`` for requests in flight.

        Raises:
            ServingError: the port cannot be bound.
        """
        self._grace_s = grace_s
        try:
            self._listener = socket.create_server((self._host, self._port), backlog=1024)
        except OSError as error:
            raise ServingError(f"cannot listen for REST on {self._host}:{self._port}: {error}") from error
        threading.Thread(target=self._accept, args=(self._listener,), name="rest-accept", daemon=True).start()
        return int(self._listener.getsockname()[1])

    def stop(self) -> None:
        """Stop listening, let requests in flight finish, close everything; give up what outlives its grace."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            self._listener.close()
        with self._changed:
            self._stopping = True
            self._hang_up(busy=False)
            self._changed.wait_for(lambda: not any(self._busy.values()), self._grace_s)
            self._hang_up(busy=True)
            self._changed.wait_for(lambda: not self._busy, 1)

    def _hang_up(self, *, busy: bool) -> None:
        for connection, at_work in self._busy.items():
            if at_work == busy:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                if self._stopping or listener.fileno() < 0:
                    return
                time.sleep(0.01)  # no file descriptor is left: one may become free
                continue
            try:
                threading.Thread(target=self._serve, args=(connection,), name="rest", daemon=True).start()
            except RuntimeError:  # no thread is left
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            with self._changed:
                self._busy[connection] = False
            try:
                # OSError: the client is gone, or has been silent for too long.
                with contextlib.suppress(OSError):
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if not self._converse(connection):
                        _linger(connection)
            finally:
                with self._changed:
                    del self._busy[connection]
                    self._changed.notify_all()

    def _converse(self, connection: socket.socket) -> bool:
        """Answer requests until the connection is to be closed; return whether all that was sent has been read."""
        stream = HttpStream(connection)
        while not self._stopping:
            version, keeps, head_only = (1, 1), False, False
            try:
                head = stream.head()
                if head is None:
                    return True
                version, keeps, head_only = head.version, not head.closes, head.method == "HEAD"
                request = Request(head.method, head.target, head.headers, stream.body(head))
                answer = self._answer(connection, request)
            except BadRequestError as error:
                answer, keeps = error_page(error.status), False
            except RefusedError as error:
                answer, keeps = Answer(error.status, json.dumps({"error": error.reason}).encode()), False
            keeps = keeps and answer.headers.get("Connection") != "close"
            _send(connection, answer, version, keeps=keeps, body=not head_only)
            with self._changed:
                self._busy[connection] = False
                self._changed.notify_all()
            if not keeps:
                return False
        return True

    def _answer(self, connection: socket.socket, request: Request) -> Answer:
        with self._changed:
            self._busy[connection] = True
        with self._running:
            try:
                return self._api.answer(request)
            except Exception:  # noqa: BLE001 - a fault of this server's must not look like the client's
                traceback.print_exc()
                return error_page(500)


def _send(connection: socket.socket, answer: Answer, version: tuple[int, int], *, keeps: bool, body: bool) -> None:
    headers = {**answer.headers, "Date": formatdate(usegmt=True), "Content-Length": str(len(answer.body))}
    if not keeps:
        headers["Connection"] = "close"
    elif version < (1, 1):
        headers["Connection"] = "keep-alive"
    reason = http.client.responses.get(answer.status, "Error")
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/{version[0]}.{version[1]} {answer.status} {reason}\r\n{lines}\r\n".encode("latin-1")
    if not body:
        connection.sendall(head)
    elif len(answer.body) <= _SMALL_BYTES:
        connection.sendall(head + answer.body)
    else:
        connection.sendall(head)
        connection.sendall(answer.body)


def _linger(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + LINGER_S
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        if not connection.recv(1 << 16):
            return
