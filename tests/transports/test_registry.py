from __future__ import annotations

import subprocess
import sys

import pytest

from serlab.errors import UnknownNameError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

BOTH = Endpoint("embedded", "x", "127.0.0.1:1", "127.0.0.1:2")


@pytest.mark.parametrize("kind", ["grpc", "rest", "requests", "httpx", "aiohttp"])
def test_a_transport_opens_by_its_name_without_connecting(call: Call, kind: str) -> None:
    pytest.importorskip(kind if kind != "rest" else "socket")
    with open_transport(kind, BOTH, call) as transport:
        assert transport.name == kind


def test_an_unknown_transport_lists_those_that_exist(call: Call) -> None:
    with pytest.raises(UnknownNameError, match="'smtp': choose from aiohttp, grpc, httpx, requests, rest"):
        open_transport("smtp", BOTH, call)


def test_finding_the_transports_imports_none_of_their_libraries() -> None:
    code = (
        "import sys, serlab.transports.registry; "
        "print(bool({'grpc', 'requests', 'httpx', 'aiohttp'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("quickack", [True, False])
def test_the_record_says_whether_quickack_was_on(quickack: bool) -> None:
    import socket

    expected = quickack and hasattr(socket, "TCP_QUICKACK")
    assert TransportOptions(quickack=quickack).as_record()["quickack"] is expected
