from __future__ import annotations

import http.server
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from serlab.connection import TransportOptions
from serlab.connection.questions import ModelMissingError, UnreachableError
from serlab.errors import ServingError, UnknownNameError, UsageError
from serlab.records.run import Endpoint
from serlab.serving.base import ServingOptions
from serlab.serving.registry import parse_serving
from serlab.serving.remote import parse_address


@pytest.mark.parametrize(
    ("spec", "addresses"),
    [
        ("localhost:8500:8501", ("localhost:8500", "localhost:8501")),
        ("10.0.0.7:8500:", ("10.0.0.7:8500", "")),
        ("serving-1.example::8501", ("", "serving-1.example:8501")),
        ("[::1]:8500:8501", ("[::1]:8500", "[::1]:8501")),
        ("[fe80::1%eth0]::80", ("", "[fe80::1%eth0]:80")),
    ],
)
def test_an_address_gives_both_protocols_or_the_one_whose_port_is_there(spec: str, addresses: Any) -> None:
    endpoint = parse_address(spec)
    assert (endpoint.grpc, endpoint.rest) == addresses


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("localhost:8500", "write localhost:8500:8501"),
        ("localhost::", "names no port"),
        (":8500:8501", "is not HOST"),
        ("::1:8500:8501", "is not HOST"),
        ("localhost:8500:8501:8502", "is not HOST"),
        ("localhost:8500:x", "is not HOST"),
        ("localhost:0:8501", "0 is not a port"),
        ("localhost:8500:65536", "65536 is not a port"),
        ("localhost:8500:٣", "is not HOST"),
    ],
)
def test_an_address_that_does_not_parse_says_how_to_write_one(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_address(spec)


@pytest.mark.parametrize(
    ("spec", "endpoint"),
    [
        ("https://host/seldon/ns/name", Endpoint("remote", "", "", "host:443", https=True, prefix="/seldon/ns/name")),
        ("http://host:8080/p/", Endpoint("remote", "", "", "host:8080", https=False, prefix="/p")),
        ("grpcs://host", Endpoint("remote", "", "host:443", "", tls=True)),
        ("grpc://h:8500,https://h:8501", Endpoint("remote", "", "h:8500", "h:8501", https=True)),
        ("http://[::1]:8501", Endpoint("remote", "", "", "[::1]:8501", https=False)),
    ],
)
def test_a_url_per_protocol_says_port_tls_and_prefix(spec: str, endpoint: Endpoint) -> None:
    assert parse_address(spec) == endpoint


def test_tls_and_the_prefix_are_in_the_url_of_the_rest_api() -> None:
    assert parse_address("grpc://h:1,https://h/p/q").base_url == "https://h:443/p/q"
    assert not parse_address("grpc://h:1,https://h/p/q").tls


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ftp://host", "does not parse"),
        ("grpc://host", "does not parse"),
        ("https://", "does not parse"),
        ("https://host:port/", "does not parse"),
        ("https://host/?q=1", "does not parse"),
        ("https://host/a b", "does not parse"),
        ("https://h,http://h", "two addresses for one protocol"),
        ("grpcs://h/prefix", "gRPC has no path prefix"),
        ("https://me:SECRET@host", "takes no user in an address"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as told:
        parse_address(spec)
    assert "SECRET" not in str(told.value)


def enter(serving: Any, **options: Any) -> Any:
    client = {name: options.pop(name) for name in ("headers", "ca", "cert", "key", "authority") if name in options}
    wanted = ServingOptions(serving=serving, client=TransportOptions(**client), **{"model": "versions", **options})
    with parse_serving(wanted, {}) as endpoint:
        return endpoint


@pytest.mark.parametrize(("grpc", "rest"), [(True, True), (True, False), (False, True)])
def test_a_running_server_becomes_an_endpoint_over_the_protocols_it_was_named_with(
    server: Any, grpc: bool, rest: bool
) -> None:
    serving = server.serving(grpc=grpc, rest=rest)
    endpoint = enter(serving, signature="two")
    assert endpoint.kind == "remote"
    assert endpoint.grpc == (server.endpoint.grpc if grpc else "")
    assert endpoint.rest == (server.endpoint.rest if rest else "")
    assert endpoint.version == f"{serving}, model versions version 2", "the newest available version"
    assert endpoint.pid is None


@pytest.mark.parametrize(("grpc", "rest"), [(True, False), (False, True)])
def test_a_missing_model_is_told_in_the_servers_words(server: Any, grpc: bool, rest: bool) -> None:
    with pytest.raises(ModelMissingError, match="Could not find any versions of model none"):
        enter(server.serving(grpc=grpc, rest=rest), model="none")


@pytest.mark.parametrize(("grpc", "rest"), [(True, False), (False, True)])
def test_a_missing_signature_lists_those_of_the_model(server: Any, grpc: bool, rest: bool) -> None:
    with pytest.raises(UnknownNameError, match="signature of model versions 'nope': choose from serving_default, two"):
        enter(server.serving(grpc=grpc, rest=rest), signature="nope")


def test_headers_go_with_every_question(start_server: Any) -> None:
    server = start_server()
    enter(server.serving(), signature="two", headers={"X-Tenant": "blue"})
    seen = server.seen()[1:]
    assert {next(iter(entry)) for entry in seen} == {"grpc", "rest"}
    for entry in seen:
        assert {name.lower(): value for name, value in entry["headers"].items()}["x-tenant"] == "blue"


def test_a_model_that_is_not_available_yet_is_told_with_its_states(start_server: Any) -> None:
    server = start_server("--standin_state=LOADING")
    for only in ({"rest": False}, {"grpc": False}):
        with pytest.raises(ServingError, match="versions is not available: version 2 is LOADING; version 1 is LOADING"):
            enter(server.serving(**only))


@pytest.mark.parametrize("serving", ["127.0.0.1:{}:", "127.0.0.1::{}"])
def test_a_refused_connection_names_the_protocols_port(serving: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(UnreachableError, match=f"{port}.*nothing listens there.*Is the server running"):
        enter(serving.format(port))


def test_swapped_ports_are_recognized(server: Any) -> None:
    grpc, rest = (address.rpartition(":")[2] for address in (server.endpoint.grpc, server.endpoint.rest))
    with pytest.raises(UnreachableError, match="Is this its gRPC port"):
        enter(f"127.0.0.1::{grpc}")
    with pytest.raises(UnreachableError, match="is this the REST port"):
        enter(f"127.0.0.1:{rest}:")


def test_another_http_server_is_not_taken_for_tensorflow_serving() -> None:
    class NotServing(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), NotServing) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with pytest.raises(UnreachableError, match="not TensorFlow Serving: it says 404"):
            enter(f"127.0.0.1::{other.server_address[1]}")
        other.shutdown()


def test_another_grpc_server_is_not_taken_for_tensorflow_serving() -> None:
    from concurrent import futures

    import grpc

    other = grpc.server(futures.ThreadPoolExecutor(1))
    port = other.add_insecure_port("127.0.0.1:0")
    other.start()
    with pytest.raises(
        UnreachableError, match=r"but not TensorFlow Serving: it has no /tensorflow\.serving\.ModelService"
    ):
        enter(f"127.0.0.1:{port}:")
    other.stop(None).wait()


@pytest.fixture(scope="module")
def tls_server(start_server: Any, certificates: Any) -> Any:
    cert, key = f"--standin_cert={certificates.server_cert}", f"--standin_key={certificates.server_key}"
    return start_server(cert, key, tls=True)


def test_tls_reaches_both_protocols(tls_server: Any, certificates: Any) -> None:
    endpoint = enter(tls_server.serving(), tls=True, ca=certificates.ca, signature="two")
    assert endpoint.tls
    assert endpoint.base_url == f"https://{tls_server.endpoint.rest}"


@pytest.mark.parametrize("only", [{"rest": False}, {"grpc": False}])
def test_an_untrusted_certificate_names_the_option_that_helps(tls_server: Any, only: Any) -> None:
    with pytest.raises(UnreachableError, match=r"certificate is not trusted.*--ca"):
        enter(tls_server.serving(**only), tls=True)


@pytest.mark.parametrize("only", [{"rest": False}, {"grpc": False}])
def test_tls_against_a_server_without_it(server: Any, certificates: Any, only: Any) -> None:
    with pytest.raises(UnreachableError, match=r"(?i)leave --tls out"):
        enter(server.serving(**only), tls=True, ca=certificates.ca)


@pytest.mark.parametrize("only", [{"rest": False}, {"grpc": False}])
def test_no_tls_against_a_server_that_wants_it(tls_server: Any, only: Any) -> None:
    with pytest.raises(UnreachableError, match=r"it speaks TLS there: add --tls"):
        enter(tls_server.serving(**only))


def test_files_that_are_no_certificates_are_a_users_mistake(tls_server: Any, tmp_path: Path) -> None:
    missing, garbage = tmp_path / "missing.pem", tmp_path / "garbage.pem"
    garbage.write_text("not a certificate")
    with pytest.raises(UsageError, match=r"missing\.pem"):
        enter(tls_server.serving(rest=False), tls=True, ca=str(missing))
    for ca in (missing, garbage):
        with pytest.raises(UsageError, match=ca.name):
            enter(tls_server.serving(grpc=False), tls=True, ca=str(ca))
    with pytest.raises(UnreachableError, match="not a PEM"):
        enter(tls_server.serving(rest=False), tls=True, ca=str(garbage))


def test_options_that_need_each_other(server: Any) -> None:
    with pytest.raises(UsageError, match="add --tls"):
        enter(server.serving(), ca="ca.pem")
    with pytest.raises(UsageError, match="--cert and --key"):
        enter(server.serving(), tls=True, cert="c.pem")
    with pytest.raises(UsageError, match="needs --model"):
        enter(server.serving(), model="")


@pytest.mark.parametrize("headers", [{"two words": "x"}, {"": "x"}, {"x": "line\nbreak"}, {"x": "ü"}])
def test_headers_that_cannot_be_sent_are_a_users_mistake(server: Any, headers: Any) -> None:
    with pytest.raises(UsageError, match="cannot be sent"):
        enter(server.serving(), headers=headers)
