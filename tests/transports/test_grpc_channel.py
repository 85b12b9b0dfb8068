from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from serlab.connection.channel import PREDICT_METHOD, channel_arguments
from serlab.errors import TransportError, UsageError
from serlab.records.run import Endpoint
from serlab.records.secret import Secret
from serlab.transports.base import TransportOptions
from serlab.transports.grpc_channel import GrpcTransport


@dataclass
class EchoServer(grpc.GenericRpcHandler):
    """Echoes every message; a body that starts with ``!`` asks for trouble."""

    methods: list[str] = field(default_factory=list)
    metadata: list[dict[str, str]] = field(default_factory=list)
    peers: set[str] = field(default_factory=set)
    endpoint: Endpoint | None = None

    def service(self, details: Any) -> Any:
        self.methods.append(details.method)
        self.metadata.append(dict(details.invocation_metadata))
        return grpc.unary_unary_rpc_method_handler(self.answer)

    def answer(self, body: bytes, context: Any) -> Any:
        self.peers.add(context.peer())
        if body == b"!slow":
            gone = threading.Event()
            context.add_callback(gone.set)
            gone.wait(60)
        if body == b"!bad":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, 'input size does not match signature: "x"')
        return body


@pytest.fixture
def grpc_server() -> Iterator[Any]:
    running = []

    def start(credentials: Any = None) -> EchoServer:
        handler = EchoServer()
        unlimited = [("grpc.max_receive_message_length", -1)]
        server = grpc.server(futures.ThreadPoolExecutor(2), handlers=(handler,), options=unlimited)
        if credentials is None:
            port = server.add_insecure_port("127.0.0.1:0")
        else:
            port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        running.append(server)
        handler.endpoint = Endpoint("embedded", "echo", f"127.0.0.1:{port}", "", tls=credentials is not None)
        return handler

    yield start
    for server in running:
        server.stop(None).wait()


@pytest.mark.parametrize("size", [0, 1, 600_000, 9_000_000])
def test_bytes_pass_through_predict_unchanged(grpc_server: Any, size: int) -> None:
    server = grpc_server()
    with GrpcTransport(server.endpoint) as transport:
        assert transport.send(b"\x00\xff" * (size // 2) + b"z" * (size % 2)) == b"\x00\xff" * (size // 2) + b"z" * (
            size % 2
        )
    assert server.methods == [PREDICT_METHOD]


def test_one_channel_is_reused_and_two_transports_do_not_share_one(grpc_server: Any) -> None:
    server = grpc_server()
    with GrpcTransport(server.endpoint) as first, GrpcTransport(server.endpoint) as second:
        for _ in range(5):
            first.send(b"1")
            second.send(b"2")
    assert len(server.peers) == 2


def test_headers_travel_as_metadata(grpc_server: Any) -> None:
    server = grpc_server()
    with GrpcTransport(server.endpoint, TransportOptions(headers={"X-Api-Key": Secret("secret")})) as transport:
        transport.send(b"")
    assert server.metadata[0]["x-api-key"] == "secret"


def test_the_servers_code_and_details_are_kept(grpc_server: Any) -> None:
    with GrpcTransport(grpc_server().endpoint) as transport:
        with pytest.raises(TransportError, match='INVALID_ARGUMENT: input size does not match signature: "x"') as info:
            transport.send(b"!bad")
        assert info.value.code == "INVALID_ARGUMENT"
        assert transport.send(b"again") == b"again"


def test_a_call_that_takes_too_long_is_deadline_exceeded(grpc_server: Any) -> None:
    with GrpcTransport(grpc_server().endpoint, TransportOptions(timeout_s=0.1)) as transport:
        with pytest.raises(TransportError, match="longer timeout") as info:
            transport.send(b"!slow")
        assert info.value.code == "DEADLINE_EXCEEDED"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    with GrpcTransport(Endpoint("remote", "", address, "")) as transport:
        with pytest.raises(TransportError, match="Is the server running") as info:
            transport.send(b"")
        assert info.value.code == "UNAVAILABLE"


def test_responses_above_4_mib_need_the_limit_raised(grpc_server: Any) -> None:
    """grpc's own default refuses them; the lab's default of 100 MiB does not."""
    body = bytes(4 * 2**20 + 1)
    server = grpc_server()
    with GrpcTransport(server.endpoint, TransportOptions(max_receive_bytes=None)) as stock:
        with pytest.raises(TransportError, match="client's limit on an answer") as info:
            stock.send(body)
        assert info.value.code == "RESOURCE_EXHAUSTED"
    with GrpcTransport(server.endpoint) as raised:
        assert raised.send(body) == body


def test_the_default_channel_arguments_are_the_labs_client_settings() -> None:
    arguments = dict(channel_arguments(TransportOptions()))
    assert arguments["grpc.max_receive_message_length"] == 104_857_600
    assert arguments["grpc.keepalive_time_ms"] == 330_000
    assert arguments["grpc.enable_retries"] == 0
    assert TransportOptions().timeout_s == 5.0
    assert "grpc.max_receive_message_length" not in dict(channel_arguments(TransportOptions(max_receive_bytes=None)))


def test_proxies_of_the_environment_are_not_used(grpc_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with GrpcTransport(grpc_server().endpoint) as transport:
        assert transport.send(b"x") == b"x"


def test_an_endpoint_without_grpc_is_refused() -> None:
    with pytest.raises(UsageError, match="offers no gRPC API"):
        GrpcTransport(Endpoint("remote", "", "", "127.0.0.1:8501"))


@pytest.fixture
def credentials(certificates: Any) -> Any:
    def read(path: str) -> Any:
        with open(path, "rb") as file:
            return file.read()

    def make(*, client_certificate: Any = False) -> Any:
        pair = (read(certificates.server_key), read(certificates.server_cert))
        return grpc.ssl_server_credentials([pair], read(certificates.ca), client_certificate)

    return make


def test_tls_with_a_named_authority(grpc_server: Any, credentials: Any, certificates: Any) -> None:
    with GrpcTransport(grpc_server(credentials()).endpoint, TransportOptions(ca=certificates.ca)) as transport:
        assert transport.send(b"x") == b"x"


def test_tls_with_a_client_certificate(grpc_server: Any, credentials: Any, certificates: Any) -> None:
    server = grpc_server(credentials(client_certificate=True))
    known = TransportOptions(ca=certificates.ca, cert=certificates.client_cert, key=certificates.client_key)
    with GrpcTransport(server.endpoint, known) as transport:
        assert transport.send(b"x") == b"x"
    with GrpcTransport(server.endpoint, TransportOptions(ca=certificates.ca)) as transport:
        with pytest.raises(TransportError) as info:
            transport.send(b"x")
        assert info.value.code == "UNAVAILABLE"


def test_an_untrusted_certificate_is_unavailable_with_the_reason(grpc_server: Any, credentials: Any) -> None:
    with GrpcTransport(grpc_server(credentials()).endpoint) as transport:
        with pytest.raises(TransportError, match=r"(?i)certificate|handshake") as info:
            transport.send(b"x")
        assert info.value.code == "UNAVAILABLE"


def test_a_missing_tls_file_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the PEM file .*none\.pem"):
        GrpcTransport(
            Endpoint("remote", "", "127.0.0.1:1", "", tls=True), TransportOptions(ca=str(tmp_path / "none.pem"))
        )
