"""REST over TLS: whom the client trusts, how it shows who it is, and what it says when that fails."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from serlab.errors import TransportError, UsageError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.transports.rest import RestTransport


@dataclass
class TlsServer:
    endpoint: Endpoint


@pytest.fixture
def tls_server(http_server: Any, echo_script: Any, certificates: Any) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server_cert, certificates.server_key)

    def start(*, client_certificate: bool = False) -> Endpoint:
        if client_certificate:
            context.load_verify_locations(certificates.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        plain: Endpoint = http_server(echo_script, context=context).endpoint
        return replace(plain, tls=True)

    return start


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_tls_with_a_named_authority(tls_server: Any, certificates: Any, call: Call, size: int) -> None:
    with RestTransport(tls_server(), call, TransportOptions(ca=certificates.ca)) as transport:
        for _ in range(3):
            assert transport.send(b"x" * size) == b"x" * size
        assert transport.connects == 1


def test_tls_with_a_client_certificate(tls_server: Any, certificates: Any, call: Call) -> None:
    endpoint = tls_server(client_certificate=True)
    options = TransportOptions(ca=certificates.ca, cert=certificates.client_cert, key=certificates.client_key)
    with RestTransport(endpoint, call, options) as transport:
        assert transport.send(b"x") == b"x"
    with (
        RestTransport(endpoint, call, TransportOptions(ca=certificates.ca)) as transport,
        pytest.raises(TransportError),
    ):
        transport.send(b"x")


def test_an_untrusted_certificate_names_the_option_that_helps(tls_server: Any, call: Call) -> None:
    with RestTransport(tls_server(), call) as transport, pytest.raises(TransportError, match=r"not trusted.*--ca"):
        transport.send(b"x")


def test_tls_against_a_server_without_it_says_so(http_server: Any, call: Call) -> None:
    def script(peer: Any) -> None:
        peer.sock.recv(1000)
        peer.sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    endpoint = replace(http_server(script).endpoint, tls=True)
    with pytest.raises(TransportError, match="it does not speak TLS there"):
        RestTransport(endpoint, call).send(b"x")


def test_unreadable_tls_files_are_a_users_mistake(tls_server: Any, tmp_path: Path, call: Call) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for ca in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(UsageError, match=f"cannot use the TLS files .*{ca.name}"):
            RestTransport(tls_server(), call, TransportOptions(ca=str(ca))).send(b"x")
