"""requests, httpx and aiohttp as transports: what goes over the wire, and how failures are told."""

from __future__ import annotations

from typing import Any

import pytest

from serlab.codecs.base import GzipBody
from serlab.connection import TransportOptions
from serlab.errors import MissingExtraError, TransportError, UsageError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.records.secret import Secret
from serlab.transports.registry import REST_CLIENTS, open_transport

CLIENTS = list(REST_CLIENTS)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    pytest.importorskip(name)
    return name


@pytest.mark.parametrize("size", [2, 700_000])
def test_bodies_arrive_unchanged_on_one_connection(
    http_server: Any, echo_script: Any, call: Call, client: str, size: int
) -> None:
    server = http_server(echo_script)
    with open_transport(client, server.endpoint, call) as transport:
        assert [len(transport.send(b"x" * size)) for _ in range(3)] == [size] * 3
    assert server.connections == 1
    head, body = server.requests[0]
    assert head.startswith(b"POST /v1/models/echo:predict HTTP/1.1\r\n")
    assert body == b"x" * size


def test_headers_and_encodings_are_announced_once(http_server: Any, echo_script: Any, call: Call, client: str) -> None:
    server = http_server(echo_script)
    options = TransportOptions(headers={"Authorization": Secret("Bearer t")}, authority="model.example")
    with open_transport(client, server.endpoint, call, options) as transport:
        transport.send(GzipBody(b"zipped"))
    head = server.requests[0][0].lower()
    for line in (b"authorization: bearer t", b"content-encoding: gzip", b"content-type: application/json",
                 b"host: model.example", b"accept-encoding: identity"):  # fmt: skip
        assert head.count(b"\r\n" + line) == 1, line


def test_a_refusal_has_its_status_and_the_servers_words(http_server: Any, call: Call, client: str) -> None:
    def refuse(peer: Any) -> None:
        peer.read_request()
        peer.answer(b'{"error": "no such input"}', status="400 Bad Request")
        peer.await_goodbye()

    with (
        open_transport(client, http_server(refuse).endpoint, call) as transport,
        pytest.raises(TransportError, match="answered with 400: no such input") as refused,
    ):
        transport.send(b"{}")
    assert refused.value.code == "400"


def test_a_server_that_is_not_there_is_told_with_the_librarys_name(call: Call, client: str) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            open_transport(client, Endpoint("remote", "", "", address), call) as transport,
            pytest.raises(TransportError, match=f"with {client} failed") as failed,
        ):
            transport.send(b"{}")
    assert failed.value.code == ""


def test_a_slow_server_meets_the_time_limit(http_server: Any, call: Call, client: str) -> None:
    def stall(peer: Any) -> None:
        peer.read_request()
        peer.await_goodbye()

    with (
        open_transport(client, http_server(stall).endpoint, call, TransportOptions(timeout_s=0.2)) as transport,
        pytest.raises(TransportError, match=f"with {client} failed"),
    ):
        transport.send(b"{}")


def test_an_endpoint_without_rest_is_refused(call: Call, client: str) -> None:
    with pytest.raises(UsageError, match="offers no REST API"):
        open_transport(client, Endpoint("remote", "", "127.0.0.1:1", ""), call)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_missing_library_is_named_with_the_extra(name: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REST_CLIENTS[name], "library", "no_such_library")
    with pytest.raises(MissingExtraError, match="no-such-library"):
        open_transport(name, Endpoint("remote", "", "", "127.0.0.1:1"), call)
