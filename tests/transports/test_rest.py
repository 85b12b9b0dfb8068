from __future__ import annotations

import select
import socket
import threading
from typing import Any

import pytest

from serlab.errors import TransportError, UsageError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.records.secret import Secret
from serlab.transports.base import TransportOptions
from serlab.transports.rest import RestTransport, error_text, predict_path


def test_posts_the_body_to_the_predict_method_of_the_model(http_server: Any, echo_script: Any, call: Call) -> None:
    server = http_server(echo_script)
    with RestTransport(server.endpoint, call) as transport:
        assert transport.send(b'{"instances": [1]}') == b'{"instances": [1]}'
    head, body = server.requests[0]
    assert head.startswith(b"POST /v1/models/echo:predict HTTP/1.1\r\nHost: " + server.address.encode())
    assert body == b'{"instances": [1]}'


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 600_000, 9_000_000])
def test_bodies_of_any_size_arrive_unchanged_on_one_connection(
    http_server: Any, echo_script: Any, call: Call, size: int
) -> None:
    server = http_server(echo_script)
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with RestTransport(server.endpoint, call) as transport:
        assert [transport.send(body) == body for _ in range(3)] == [True] * 3
        assert transport.connects == 1
    assert server.connections == 1


@pytest.mark.parametrize(
    ("picked", "path"),
    [
        ({}, "/v1/models/my%2Fmodel:predict"),
        ({"version": 3}, "/v1/models/my%2Fmodel/versions/3:predict"),
        ({"label": "stable"}, "/v1/models/my%2Fmodel/labels/stable:predict"),
    ],
)
def test_path_names_model_and_version_or_label(picked: Any, path: str) -> None:
    assert predict_path("my/model", **picked) == path


def test_a_version_and_a_label_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="not by both"):
        predict_path("m", version=1, label="stable")


def test_headers_of_the_options_go_with_every_call(http_server: Any, echo_script: Any, call: Call) -> None:
    server = http_server(echo_script)
    options = TransportOptions(headers={"Authorization": Secret("Bearer x")})
    with RestTransport(server.endpoint, call, options) as transport:
        transport.send(b"1")
        transport.send(b"2")
    assert [b"\r\nAuthorization: Bearer x\r\n" in head for head, _ in server.requests] == [True, True]


def test_proxies_of_the_environment_are_not_used(
    http_server: Any, echo_script: Any, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with RestTransport(http_server(echo_script).endpoint, call) as transport:
        assert transport.send(b"x") == b"x"


def test_an_error_status_is_reported_with_its_code_and_the_servers_words(http_server: Any, call: Call) -> None:
    def script(peer: Any) -> None:
        peer.read_request()
        peer.answer(b'{ "error": "Servable not found for request: Latest(echo)" }', "404 Not Found")
        peer.read_request()
        peer.answer(b"ok")

    with RestTransport(http_server(script).endpoint, call) as transport:
        with pytest.raises(
            TransportError, match=r"404 Not Found: Servable not found for request: Latest\(echo\)"
        ) as info:
            transport.send(b"{}")
        assert info.value.code == "404"
        assert transport.send(b"{}") == b"ok", "an error answer leaves the connection usable"
        assert transport.connects == 1


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": "bad"}', "bad"),
        (b"<html>Bad Gateway</html>", "<html>Bad Gateway</html>"),
        (b'{"message": 1}', '{"message": 1}'),
        (b"[1]", "[1]"),
        (b"", "(no text)"),
        (b"\xff" + b"y" * 1000, "\ufffd" + "y" * 299),
    ],
)
def test_error_text_is_the_servers_message_or_the_beginning_of_its_answer(body: bytes, text: str) -> None:
    assert error_text(body) == text


def test_chunked_and_close_delimited_answers_are_read_whole(http_server: Any, call: Call) -> None:
    def chunked(peer: Any) -> None:
        peer.read_request()
        peer.sock.sendall(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nA: b\r\n\r\n"
        )
        peer.read_request()
        peer.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end")

    with RestTransport(http_server(chunked).endpoint, call) as transport:
        assert transport.send(b"1") == b"hello world"
        assert transport.send(b"2") == b"to the end"


def test_an_idle_connection_closed_by_the_server_is_replaced_before_sending(http_server: Any, call: Call) -> None:
    def one_answer(peer: Any) -> None:
        peer.answer(peer.read_request()[1])

    server = http_server(one_answer)
    with RestTransport(server.endpoint, call) as transport:
        assert transport.send(b"first") == b"first"
        sock = transport._connection._sock
        assert sock is not None
        assert select.select([sock], [], [], 60)[0], "the server's goodbye has arrived"
        assert transport.send(b"second") == b"second"
        assert transport.connects == 2
    assert [body for _, body in server.requests] == [b"first", b"second"]


def test_connection_close_is_honoured(http_server: Any, call: Call) -> None:
    def script(peer: Any) -> None:
        peer.read_request()
        peer.answer(b"ok", extra="Connection: close\r\n")
        peer.read_request()

    server = http_server(script)
    with RestTransport(server.endpoint, call) as transport:
        assert transport.send(b"1") == b"ok"
        assert transport.send(b"2") == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "closed the connection without answering"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "ends after 5 of the 100 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", "9,999,999,999,999,999,999 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "its Content-Length is '-1'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "b'zz' is not a chunk size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "longer than it says"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "its Transfer-Encoding is 'gzip, chunked'"),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "not a header"),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"h%d: v\r\n" % i for i in range(200)) + b"\r\n", "one too many"),
        (b"\x00\x00\x18\x04\x00\x00\x00\x00\x00\x00\x04\x00@", "HTTP/2, as a gRPC port speaks"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "starts with b'SSH-2.0"),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error_and_is_not_retried(
    http_server: Any, call: Call, answer: Any, message: str
) -> None:
    def script(peer: Any) -> None:
        peer.read_request()
        peer.sock.sendall(answer)

    server = http_server(script)
    with RestTransport(server.endpoint, call) as transport:
        with pytest.raises(TransportError, match=message) as info:
            transport.send(b"{}")
        assert info.value.code == ""
    assert len(server.requests) == 1


def test_a_compressed_answer_is_refused(http_server: Any, call: Call) -> None:
    def script(peer: Any) -> None:
        peer.read_request()
        peer.answer(b"\x1f\x8b", extra="Content-Encoding: gzip\r\n")

    with RestTransport(http_server(script).endpoint, call) as transport, pytest.raises(TransportError, match="gzip"):
        transport.send(b"{}")


def test_a_server_that_answers_before_it_has_read_the_body_is_heard(http_server: Any, call: Call) -> None:
    def script(peer: Any) -> None:
        peer.sock.recv(1000)
        peer.answer(b'{"error": "too large"}', "413 Content Too Large")

    with RestTransport(http_server(script).endpoint, call) as transport:
        with pytest.raises(TransportError, match="too large") as info:
            transport.send(bytes(50_000_000))
        assert info.value.code == "413"


def test_the_timeout_bounds_the_whole_exchange_even_while_bytes_trickle_in(http_server: Any, call: Call) -> None:
    def script(peer: Any) -> None:
        peer.read_request()
        peer.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not select.select([peer.sock], [], [], 0.02)[0]:  # until the client has gone
            peer.sock.sendall(b"x")

    with RestTransport(http_server(script).endpoint, call, TransportOptions(timeout_s=0.2)) as transport:
        with pytest.raises(TransportError, match=r"no complete answer within 0\.2 s") as info:
            transport.send(b"{}")
        assert info.value.code == ""


def test_the_answer_that_came_too_late_is_never_taken_for_the_next_one(http_server: Any, call: Call) -> None:
    def late(peer: Any) -> None:
        peer.read_request()
        peer.await_goodbye()
        peer.answer(b"late")

    def prompt(peer: Any) -> None:
        peer.read_request()
        peer.answer(b"prompt")

    with RestTransport(http_server(late, prompt).endpoint, call, TransportOptions(timeout_s=0.2)) as transport:
        with pytest.raises(TransportError):
            transport.send(b"1")
        assert transport.send(b"2") == b"prompt"


def test_a_server_that_stops_reading_runs_into_the_timeout(http_server: Any, call: Call) -> None:
    over = threading.Event()
    server = http_server(lambda _: over.wait(60))
    with (
        RestTransport(server.endpoint, call, TransportOptions(timeout_s=0.2)) as transport,
        pytest.raises(TransportError, match=r"within 0\.2 s"),
    ):
        transport.send(bytes(50_000_000))
    over.set()


def test_a_refused_connection_says_what_to_check(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(TransportError, match=f"{address}.*connection refused.*Is the server running") as info:
        RestTransport(Endpoint("remote", "", "", address), call).send(b"{}")
    assert info.value.code == ""


def test_an_unknown_host_is_named(call: Call) -> None:
    with pytest.raises(TransportError, match=r"no-such-host\.invalid"):
        RestTransport(Endpoint("remote", "", "", "no-such-host.invalid:80"), call).send(b"{}")


def test_an_endpoint_without_rest_is_refused(call: Call) -> None:
    with pytest.raises(UsageError, match="offers no REST API"):
        RestTransport(Endpoint("remote", "", "127.0.0.1:8500", ""), call)


def test_close_gives_the_socket_back(
    http_server: Any, echo_script: Any, call: Call, recwarn: pytest.WarningsRecorder
) -> None:
    server = http_server(echo_script)
    transport = RestTransport(server.endpoint, call)
    transport.send(b"x")
    transport.close()
    transport.close()
    del transport
    assert not [warning for warning in recwarn if issubclass(warning.category, ResourceWarning)]
