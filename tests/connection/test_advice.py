"""What is told of an error: its cause, found by looking where the words of grpc and of sockets do not say it."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from serlab.connection import TransportOptions
from serlab.connection.advice import grpc_advice
from serlab.connection.questions import UnreachableError, grpc_call, http_get
from serlab.errors import TransportError
from serlab.records.run import Endpoint
from serlab.transports.grpc_channel import GrpcTransport
from serlab.wire import PredictClient, encode_predict

QUICK = TransportOptions(timeout_s=3.0)
OTHER = "model.example.com"


class _Echo(grpc.GenericRpcHandler):
    def service(self, details: Any) -> Any:
        def answer(body: bytes, context: Any) -> bytes:
            return encode_predict("m", {"x": np.zeros(2_000_000, np.float32)}) if len(body) < 100 else b""

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=(_Echo(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


@dataclass(frozen=True)
class Named:
    """A gRPC server whose certificate is made out to ``OTHER``, not to its address."""

    address: str
    ca: str


@pytest.fixture(scope="module")
def named(certificates: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Named]:
    folder = tmp_path_factory.mktemp("named")
    authority = Path(certificates.ca).parent

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    (folder / "ext").write_text(f"subjectAltName=DNS:{OTHER}\nauthorityKeyIdentifier=keyid\n")
    openssl("req", *new_key, "-keyout", "key", "-out", "csr", "-subj", "/CN=other")
    signed = (
        "-CA",
        str(authority / "ca.pem"),
        "-CAkey",
        str(authority / "ca.key"),
        "-CAcreateserial",
        "-extfile",
        "ext",
    )
    openssl("x509", "-req", "-in", "csr", *signed, "-out", "pem", "-days", "2")
    pair = ((folder / "key").read_bytes(), (folder / "pem").read_bytes())
    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=(_Echo(),))
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    yield Named(f"127.0.0.1:{port}", certificates.ca)
    server.stop(None)


def trouble(endpoint: Endpoint, options: TransportOptions = QUICK) -> str:
    """What a question over the endpoint's protocol says is wrong."""

    def ask() -> object:
        if endpoint.grpc:
            return grpc_call(endpoint, "/a.B/C", b"", options)
        return http_get(endpoint, "/v1/models/m", options)

    with pytest.raises(UnreachableError) as told:
        ask()
    return str(told.value)


def at(protocol: str, address: str, *, tls: bool = False) -> Endpoint:
    """A server that is named for one protocol only."""
    return Endpoint("remote", "", *((address, "") if protocol == "grpc" else ("", address)), tls=tls)


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_a_certificate_of_another_name_is_named_and_authority_mends_it(protocol: str, named: Named) -> None:
    endpoint = at(protocol, named.address, tls=True)
    told = trouble(endpoint, TransportOptions(ca=named.ca, timeout_s=3.0))
    assert f"its certificate is made out to {OTHER}, not to 127.0.0.1: say --authority {OTHER}" in told
    if protocol == "grpc":
        options = TransportOptions(ca=named.ca, authority=f"{OTHER}:8443", timeout_s=5.0)
        assert grpc_call(endpoint, "/a.B/C", b"x" * 200, options) == b""
        with PredictClient(named.address, ca=named.ca, authority=OTHER, timeout=5.0) as client:
            assert client.send(b"x" * 200) == b""


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_an_authority_that_did_not_sign_is_told_from_none(
    protocol: str, named: Named, certificates: Any, tmp_path: Path
) -> None:
    endpoint = at(protocol, named.address, tls=True)
    assert "its certificate is not trusted" in trouble(endpoint)
    assert "Name its authority with --ca" in trouble(endpoint)
    stranger = certificates.client_cert  # signs nothing
    told = trouble(endpoint, TransportOptions(ca=stranger, timeout_s=3.0))
    assert f"not signed by the authority in {stranger}" in told
    assert "Name its authority" not in told


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_plain_calls_to_a_tls_port_are_told_to_use_tls(protocol: str, named: Named) -> None:
    endpoint = at(protocol, named.address)
    assert "it speaks TLS there: add --tls" in trouble(endpoint)


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_a_name_that_does_not_resolve_is_told(protocol: str) -> None:
    endpoint = at(protocol, "no-such-host.invalid:80")
    assert "the host's name does not resolve" in trouble(endpoint)


def test_whose_message_limit_it_was_is_told(plain: str) -> None:
    large = encode_predict("m", {"x": np.zeros(2_000_000, np.float32)})
    endpoint, small = Endpoint("remote", "", plain, ""), TransportOptions(max_receive_bytes=4 << 20, timeout_s=3.0)
    theirs = pytest.raises(TransportError, match="the server's limit on a request")
    with GrpcTransport(endpoint, QUICK) as transport, theirs:
        transport.send(large)
    with PredictClient(plain) as client, theirs:
        client.send(large)
    ours = pytest.raises(TransportError, match=r"the client's limit on an answer.*--max-receive")
    with GrpcTransport(endpoint, small) as transport, ours:
        transport.send(b"")


def test_pings_are_named_for_what_they_are() -> None:
    told = grpc_advice("UNAVAILABLE", 'Too many pings {http2_error: ENHANCE_YOUR_CALM, debug_data: "too_many_pings"}')
    assert "keep-alive pings" in told
    assert "grpc.keepalive_time_ms" in told
    assert "port" not in told


def test_a_proxy_of_the_environment_is_named(plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy", "grpc_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://user:SECRET@127.0.0.1:{closed}")
    with PredictClient(plain, timeout=3.0) as client, pytest.raises(TransportError) as told:
        client.send(b"")
    assert "a proxy stands in the way" in str(told.value)
    assert "http_proxy" in str(told.value)
    assert "SECRET" not in str(told.value)
    direct = [("grpc.enable_http_proxy", 0)]
    with PredictClient(plain, options=direct, timeout=3.0) as client:
        assert client.send(b"x" * 200) == b""


def test_a_call_with_an_authority_is_addressed_to_it() -> None:
    """HTTP's Host is the authority, and comes once."""
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    heads.append(connection.recv(10_000))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        endpoint = Endpoint("remote", "", "", f"127.0.0.1:{listener.getsockname()[1]}", prefix="/seldon/ns/name")
        options = TransportOptions(authority=OTHER, timeout_s=3.0)
        assert http_get(endpoint, "/v1/models/m", options) == (200, b"{}")
        thread.join(5.0)
    assert heads[0].startswith(b"GET /seldon/ns/name/v1/models/m HTTP/1.1\r\n")
    assert heads[0].lower().count(b"\r\nhost:") == 1
    assert b"\r\nhost: " + OTHER.encode() + b"\r\n" in heads[0].lower()
