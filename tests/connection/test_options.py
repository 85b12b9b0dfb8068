"""The options of a client: checked, recorded without credentials, handed to other processes whole."""

from __future__ import annotations

import json
import math

import pytest

from serlab.connection import TransportOptions
from serlab.connection.channel import channel_arguments
from serlab.connection.options import host_of
from serlab.errors import UsageError
from serlab.measure.process import tasks
from serlab.records.secret import REDACTED, Secret

HEADERS = {"authorization": Secret("Bearer s3cret")}


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, math.nan, math.inf])
def test_a_timeout_that_cannot_be_met_is_refused(timeout_s: float) -> None:
    with pytest.raises(UsageError, match="timeout"):
        TransportOptions(timeout_s=timeout_s)


@pytest.mark.parametrize("half", [{"cert": "c.pem"}, {"key": "k.pem"}])
def test_a_certificate_and_its_key_go_together(half: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="give --cert and --key"):
        TransportOptions(**half)  # type: ignore[arg-type]


@pytest.mark.parametrize("authority", ["http://host", "a b", "user@host", "näme", "host\n", "h/p"])
def test_an_authority_is_a_host_and_a_port(authority: str) -> None:
    with pytest.raises(UsageError, match="HOST or HOST:PORT"):
        TransportOptions(authority=authority)


def test_the_record_hides_values() -> None:
    options = TransportOptions(timeout_s=2.5, headers=HEADERS, authority="model.example.com")
    record = json.dumps(options.as_record())
    assert "s3cret" not in record + repr(options)
    assert json.loads(record)["headers"] == {"authorization": REDACTED}
    assert json.loads(record)["authority"] == "model.example.com"


def test_another_process_gets_the_values() -> None:
    options = TransportOptions(headers=HEADERS, ca="/tmp/ca.pem", reconnect_ms=7)
    assert tasks.decode(tasks.encode(options), TransportOptions) == options


def test_a_servers_words_lose_header_values() -> None:
    assert TransportOptions(headers=HEADERS).without_secrets("no: Bearer s3cret") == f"no: {REDACTED}"


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("model.example.com", "model.example.com"), ("model.example.com:8443", "model.example.com"),
        ("[::1]:80", "::1"),
        ("[::1]", "::1"), ("::1", "::1"), ("10.0.0.1:1", "10.0.0.1"),
    ],
)  # fmt: skip
def test_a_certificate_must_have_the_authoritys_host(authority: str, host: str) -> None:
    assert host_of(authority) == host
    assert TransportOptions(authority=authority).server_name("10.9.9.9") == host
    assert TransportOptions().server_name("10.9.9.9") == "10.9.9.9"


def test_pings_are_rarer_than_a_stock_server_forbids() -> None:
    """grpc core's GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS is 300,000 by default."""
    assert dict(channel_arguments(TransportOptions()))["grpc.keepalive_time_ms"] > 300_000


def test_a_user_agent_goes_by_the_argument_that_grpc_has_for_it() -> None:
    arguments = channel_arguments(TransportOptions(headers={"User-Agent": Secret("me/1")}))
    assert ("grpc.primary_user_agent", "me/1") in arguments
