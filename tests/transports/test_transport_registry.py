from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from serlab.errors import UnknownNameError, UsageError
from serlab.records.run import Endpoint
from serlab.transports.base import REDACTED, TransportOptions
from serlab.transports.registry import open_transport

BOTH = Endpoint("embedded", "x", "127.0.0.1:1", "127.0.0.1:2")


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_a_transport_opens_by_its_name_without_connecting(call, kind):
    with open_transport(kind, BOTH, call) as transport:
        assert transport.name == kind


def test_an_unknown_transport_lists_those_that_exist(call):
    with pytest.raises(UnknownNameError, match="unknown transport 'smtp': choose from grpc, rest"):
        open_transport("smtp", BOTH, call)


def test_finding_the_transports_does_not_import_grpc():
    code = "import sys, serlab.transports.registry; print('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_options_survive_json_and_their_record_hides_header_values():
    options = TransportOptions(timeout_s=2.5, headers={"authorization": "Bearer s3cret"}, ca="/tmp/ca.pem")
    assert TransportOptions(**json.loads(json.dumps(asdict(options)))) == options
    record = options.as_record()
    assert "s3cret" not in json.dumps(record)
    assert record["headers"] == {"authorization": REDACTED}
    assert record["timeout_s"] == 2.5


@pytest.mark.parametrize("quickack", [True, False])
def test_the_record_says_whether_quickack_was_on(quickack):
    import socket

    expected = quickack and hasattr(socket, "TCP_QUICKACK")
    assert TransportOptions(quickack=quickack).as_record()["quickack"] is expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"timeout_s": 0}, "timeout of 0 s"),
        ({"timeout_s": float("nan")}, "timeout of nan s"),
        ({"cert": "c.pem"}, "go together"),
        ({"key": "k.pem"}, "go together"),
        ({"headers": {"a b": "c"}}, "header 'a b'"),
        ({"headers": {"x": "1\r\nInjected: 2"}}, "header 'x'"),
        ({"headers": {"Content-Length": "3"}}, "belongs to the protocol"),
        ({"headers": {"grpc-timeout": "1S"}}, "belongs to the protocol"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(wrong, message):
    with pytest.raises(UsageError, match=message):
        TransportOptions(**wrong)
