"""HTTP around the API, with an API that only repeats what reached it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

pytest.importorskip("tensorflow")

from serlab.embedded.rest import http_stream
from serlab.embedded.rest.api import Answer, Request
from serlab.embedded.rest.server import RestServer
from serlab.errors import ServingError

HOST = "127.0.0.1"


class Repeater:
    """Answers with the request. ``/slow`` waits until ``release`` is set, ``/large`` answers many bytes."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.waiting = threading.Semaphore(0)

    def answer(self, request: Request) -> Answer:
        if request.path == "/slow":
            self.waiting.release()
            assert self.release.wait(60)
        if request.path == "/large":
            return Answer(200, bytes(5_000_000))
        seen = {"method": request.method, "path": request.path, "size": len(request.body)}
        seen |= {"encoding": request.headers.get("content-encoding", ""), "body": request.body[:20].decode("latin-1")}
        return Answer(200, json.dumps(seen).encode())


@pytest.fixture
def repeater() -> Repeater:
    return Repeater()


@pytest.fixture
def port(repeater: Repeater) -> Iterator[int]:
    server = RestServer(repeater, HOST, 0, threads=8)  # type: ignore[arg-type]
    yield server.start(grace_s=10)
    repeater.release.set()
    server.stop()


def _exchange(port: int, text: bytes) -> bytes:
    """Send ``text`` as it is and return everything the server says until it closes the connection."""
    with socket.create_connection((HOST, port), timeout=60) as connection:
        connection.sendall(text)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def _get(port: int, path: str = "/") -> dict[str, Any]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=60)) as connection:
        connection.request("GET", path)
        return dict(json.loads(connection.getresponse().read()))


def _document(answer: bytes) -> dict[str, Any]:
    return dict(json.loads(answer.partition(b"\r\n\r\n")[2]))


def test_paths_reach_the_api_as_they_came(port: int) -> None:
    for target in (b"/v1/a%6f%2F?q=%41#f", b"http://host.example:80/v1/a%6f%2F?q=%41#f"):
        answer = _exchange(port, b"GET %b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" % target)
        assert _document(answer)["path"] == target.decode()


def test_chunked_bodies_are_put_together(port: int) -> None:
    request = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = _document(_exchange(port, request + b"3\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"))
    assert (answer["size"], answer["body"]) == (5, "abcde")


def test_compressed_bodies_are_left_to_the_api(port: int) -> None:
    request = (
        b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"
    )
    answer = _document(_exchange(port, request))
    assert (answer["encoding"], answer["body"]) == ("gzip", "abcd")


def test_a_client_that_expects_a_continue_gets_one(port: int) -> None:
    with socket.create_connection((HOST, port), timeout=60) as connection:
        head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(b"ab")
        assert b"HTTP/1.1 200 OK" in connection.recv(65536)


@pytest.mark.parametrize(
    "head", [b"POST / HTTP/1.0\r\nContent-Length: 2\r\n", b"POST / HTTP/1.1\r\nConnection: close\r\n"]
)
def test_nobody_is_told_to_go_on_in_http_1_0_or_with_no_body(port: int, head: bytes) -> None:
    """As libevent 2.1.12 answers; what else is expected is not looked at either."""
    for expected in (b"100-continue", b"miracles"):
        assert b" 200 OK" in _exchange(port, head + b"Expect: %b\r\n\r\nab" % expected).splitlines()[0]


def test_empty_lines_before_a_chunk_are_passed_over(port: int) -> None:
    request = b"POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert _document(_exchange(port, request + b"\r\n\r\n1\r\na\r\n\r\n\r\n0\r\n\r\n"))["body"] == "a"


def test_http_1_0_without_a_host_is_served(port: int) -> None:
    assert _exchange(port, b"GET /old HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200 OK")


def test_head_answers_no_body(port: int) -> None:
    answer = _exchange(port, b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_requests_do_not_queue_behind_slow_ones(port: int, repeater: Repeater) -> None:
    with ThreadPoolExecutor(7) as pool:
        slow = [pool.submit(_get, port, "/slow") for _ in range(7)]
        for _ in slow:
            assert repeater.waiting.acquire(timeout=60)
        assert _get(port, "/quick")["path"] == "/quick"
        assert not any(call.done() for call in slow)
        repeater.release.set()
        assert [call.result()["path"] for call in slow] == ["/slow"] * 7


def test_64_connections_are_kept_alive_at_once(port: int) -> None:
    connections = [http.client.HTTPConnection(HOST, port, timeout=60) for _ in range(64)]
    try:
        for round_ in range(3):
            for connection in connections:
                connection.request("GET", f"/{round_}")
            paths = [json.loads(connection.getresponse().read())["path"] for connection in connections]
            assert paths == [f"/{round_}"] * 64
    finally:
        for connection in connections:
            connection.close()


def test_large_answers_arrive_whole(port: int) -> None:
    with closing(http.client.HTTPConnection(HOST, port, timeout=60)) as connection:
        connection.request("GET", "/large")
        assert len(connection.getresponse().read()) == 5_000_000


def test_a_content_length_above_the_body_holds_up_nobody_else(port: int) -> None:
    with socket.create_connection((HOST, port), timeout=60) as liar:
        liar.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nshort")
        assert _get(port)["size"] == 0
        liar.shutdown(socket.SHUT_WR)
        assert b"200 OK" not in liar.recv(65536)
    assert _get(port)["size"] == 0


def test_two_requests_in_one_piece_get_two_answers(port: int) -> None:
    last = b"GET /2 HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert _exchange(port, b"POST /1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab" + last).count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"nonsense\r\n", b"400 Bad Request"),
        (b"\r\nGET / HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/2.0\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: miracles\r\n\r\n", b"417 Expectation Failed"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n", b"413 Request Entity Too Large"),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n",
            b"413 Request Entity Too Large",
        ),
    ],
)
def test_what_libevent_refuses_gets_its_page_and_the_connection_closes(
    port: int, request_text: bytes, status: bytes
) -> None:
    answer = _exchange(port, request_text)
    assert answer.startswith(b"HTTP/1.1 %b\r\nContent-Type: text/html\r\n" % status)
    assert answer.endswith(b"<H1>%b</H1>\n</BODY></HTML>\n" % status[4:])


@pytest.mark.parametrize("length", [b"2", b"-1", b"2, 3", b"x", b"99999999999999999999"])
def test_a_content_length_that_makes_no_sense_is_refused(port: int, length: bytes) -> None:
    """With 2 for three bytes, the third is the beginning of a request that is none."""
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %b\r\n\r\nabc\r\n\r\n" % length
    assert b"HTTP/1.1 4" in _exchange(port, head) or b"HTTP/1.0 4" in _exchange(port, head)
    assert _get(port)["size"] == 0


def test_slow_headers_and_slow_bodies_hold_up_nobody_else(port: int) -> None:
    sluggish = [socket.create_connection((HOST, port), timeout=60) for _ in range(100)]
    try:
        for number, connection in enumerate(sluggish):
            head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n1" if number % 2 else b"POST / HT"
            connection.sendall(head)
        for _ in range(20):
            assert _get(port)["size"] == 0
    finally:
        for connection in sluggish:
            connection.close()


def test_a_body_that_does_not_arrive_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_stream, "BODY_S", 0.2)
    with socket.create_connection((HOST, port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n1")
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_a_gigabyte_is_refused_before_it_is_read(port: int) -> None:
    with socket.create_connection((HOST, port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\n")
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 536870912 bytes" in answer


def test_an_endless_chunked_body_is_refused_at_the_limit(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_stream, "MAX_BODY_BYTES", 1_000_000)
    with socket.create_connection((HOST, port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b"%x\r\n%b\r\n" % (100_000, bytes(100_000)) * 11)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert _get(port)["size"] == 0


def test_requests_in_flight_finish_when_the_server_stops(repeater: Repeater) -> None:
    server = RestServer(repeater, HOST, 0, threads=2)  # type: ignore[arg-type]
    port = server.start(grace_s=30)
    with ThreadPoolExecutor(2) as pool:
        call = pool.submit(_get, port, "/slow")
        assert repeater.waiting.acquire(timeout=60)
        stopping = pool.submit(server.stop)
        threading.Timer(0.3, repeater.release.set).start()
        assert call.result(timeout=60)["path"] == "/slow"
        stopping.result(timeout=60)
    with pytest.raises(ConnectionRefusedError):
        _get(port)


def test_a_request_that_outlives_its_grace_is_given_up(repeater: Repeater) -> None:
    server = RestServer(repeater, HOST, 0, threads=2)  # type: ignore[arg-type]
    port = server.start(grace_s=0.2)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(_get, port, "/slow")
        assert repeater.waiting.acquire(timeout=60)
        server.stop()
        assert not repeater.release.is_set()
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            call.result(timeout=60)
        repeater.release.set()


def test_a_port_in_use_is_named(repeater: Repeater) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServingError, match=f"cannot listen for REST on 127.0.0.1:{port}"):
            RestServer(repeater, HOST, port, threads=1).start(grace_s=1)  # type: ignore[arg-type]
