from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call
from serlab.errors import TransportError
from serlab.measure import endtoend
from serlab.measure.calls import echo_call
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.transports.loopback import LoopbackTransport

NOWHERE = Endpoint("remote", "1", "127.0.0.1:1", "127.0.0.1:1")


class Failing(LoopbackTransport):
    """A loopback that gives up after some calls."""

    calls_left = 4

    def send(self, body: bytes) -> bytes:
        if self.calls_left == 0:
            raise TransportError("the server closed the connection", code="UNAVAILABLE")
        self.calls_left -= 1
        return super().send(body)


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(transport: type[LoopbackTransport] = LoopbackTransport) -> None:
        @contextmanager
        def fake(kind: str, endpoint: Endpoint, call: Call, options: TransportOptions) -> Iterator[LoopbackTransport]:
            codec: Any = registry.get("orjson" if kind == "rest" else "tensor-proto")
            yield transport(codec, cast(Any, call), "values" if kind == "grpc" else None)

        monkeypatch.setattr(endtoend, "open_transport", fake)

    return install


def measure(codec: str = "orjson", payload: str = "vector-1k") -> EndToEndRun:
    return endtoend.measure(Target(NOWHERE, TransportOptions()), payload, codec, seed=1, round_number=2, calls_s=0.05)


def orjson_body() -> bytes:
    codec, payload = registry.get("orjson"), parse_payload("vector-1k", seed=1)
    return codec.encode({"x": payload.array()}, echo_call(codec, payload))


def test_a_ledger_holds_its_stages_and_a_total_that_covers_them(loopback: Any) -> None:
    loopback()
    run = measure()
    assert len(run.calls) >= endtoend.MIN_CALLS
    for call in run.calls:
        assert min(call.encode_s, call.exchange_s, call.decode_s) > 0
        assert call.left_over_s >= 0
        assert call.total_s >= call.encode_s + call.exchange_s + call.decode_s


def test_a_client_notes_sizes_round_and_what_became_of_the_values(loopback: Any) -> None:
    loopback()
    run = measure()
    assert (run.round, run.transport, run.request_bytes) == (2, "rest", len(orjson_body()))
    assert run.exactness is not None
    assert run.exactness.exact
    assert run.form is None
    assert run.server_cpu_s is None


def test_the_form_of_a_grpc_answer_is_seen_from_outside(loopback: Any) -> None:
    pytest.importorskip("tensorflow")
    loopback()
    assert measure("tensor-proto").form == "values"


def test_a_server_that_goes_away_ends_the_client_and_keeps_its_calls(loopback: Any) -> None:
    loopback(Failing)
    run = measure()
    assert run.error_code == "UNAVAILABLE"
    assert "closed" in run.error
    assert len(run.calls) == 1


def test_no_server_is_an_error_in_the_record() -> None:
    run = measure()
    assert run.calls == ()
    assert run.error


def test_a_payload_the_codec_cannot_carry_is_an_error_in_the_record(loopback: Any) -> None:
    loopback()
    run = measure(payload="2x22:float32:edge")
    assert run.error_code == "CODEC"


def test_calls_are_bounded_in_number(loopback: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loopback()
    monkeypatch.setattr(endtoend, "MAX_CALLS", 3)
    assert len(measure().calls) == 3


def test_the_first_calls_are_kept_as_warmups_apart_from_those_that_count(loopback: Any) -> None:
    loopback()
    run = measure()
    assert len(run.warmups) == 1 + endtoend.WARMUP_CALLS
    assert all(call.total_s > 0 for call in run.warmups)


def test_a_slow_first_call_is_warm_up_enough(loopback: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loopback()
    monkeypatch.setattr(endtoend, "WARMUP_LIMIT_S", 0.0)
    assert len(measure().warmups) == 1
