"""Through a live server each leg is looked at alone, so that blame falls on the half that altered a value.

The server here is a fake over REST whose parser and writer tests can spoil; test_precision_embedded.py has a real one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serlab.analysis.precision_findings import findings
from serlab.codecs import registry
from serlab.codecs.base import Call, TensorSpec
from serlab.errors import TransportError
from serlab.measure.precision import live
from serlab.measure.precision.lab import Plan, PrecisionLab
from serlab.measure.precision.live import LiveServer, live_trips
from serlab.measure.precision.trips import ServerGoneError
from serlab.records.precision import PrecisionReport
from serlab.records.run import Endpoint
from serlab.transports.base import Transport


def round_up(tensor: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        moved: np.ndarray = np.nextafter(tensor, np.float64(np.inf), dtype=tensor.dtype)
        return moved


def live_cells(report: PrecisionReport, value_class: str = "unit") -> dict[str, dict[str, int]]:
    return {c.leg: dict(c.exactness.counts) for c in report.cells if c.place == "live" and c.value_class == value_class}


def examine(server: LiveServer, codec: str = "json", dtype: str = "float64") -> PrecisionReport:
    return PrecisionLab(Plan((codec,), (dtype,), 200, seed=5), server).run()


def test_an_honest_server_is_exact_on_every_leg(fake_server: Any) -> None:
    cells = live_cells(examine(fake_server()))
    assert cells == {leg: {"exact": 200} for leg in ("request", "response", "both")}


def test_a_parser_that_rounds_is_seen_on_the_request_leg_alone(fake_server: Any) -> None:
    report = examine(fake_server(parse=round_up))
    assert live_cells(report) == {"request": {"rounded": 200}, "response": {"exact": 200}, "both": {"rounded": 200}}
    (rounded,) = [f for f in findings(report) if f.verdict == "rounded"]
    assert (rounded.culprit, rounded.leg, rounded.transport) == ("server", "request", "rest")


def test_a_writer_that_rounds_is_seen_on_the_response_leg_alone(fake_server: Any) -> None:
    report = examine(fake_server(write=round_up))
    assert live_cells(report) == {"request": {"exact": 200}, "response": {"rounded": 200}, "both": {"rounded": 200}}
    assert [(f.culprit, f.leg) for f in findings(report) if f.verdict == "rounded"] == [("server", "response")]


def test_both_halves_add_up_to_two_ulp(fake_server: Any) -> None:
    report = examine(fake_server(parse=round_up, write=round_up))
    (both,) = [c for c in report.cells if (c.place, c.leg, c.value_class) == ("live", "both", "unit")]
    assert both.exactness.worst_ulp == 2


def test_what_the_codec_does_with_no_server_is_not_blamed_on_one(fake_server: Any) -> None:
    report = examine(fake_server())
    nan = [f for f in findings(report) if f.verdict == "canonical"]
    assert {f.culprit for f in nan} == {"codec"}
    assert {share.value_class for f in nan for share in f.shares} == {"quiet NaN", "signalling NaN"}


def test_codecs_of_a_string_signature_have_one_trip(fake_server: Any) -> None:
    report = examine(fake_server(parse=round_up, write=round_up), codec="base64")
    assert live_cells(report) == {"both": {"exact": 200}}


def test_a_server_that_dies_in_the_middle_keeps_what_was_found(fake_server: Any) -> None:
    server = fake_server(calls_to_live=14)
    lab = PrecisionLab(Plan(("json", "orjson"), ("float32", "float64"), 50, seed=5), server)
    report = lab.run()
    live_found = [c for c in report.cells if c.place == "live"]
    assert 0 < len(live_found) <= 14
    assert {(c.codec, c.dtype) for c in report.cells if c.place == "offline"} == {
        (codec, dtype) for codec in ("json", "orjson") for dtype in ("float32", "float64")
    }
    (missing,) = report.missing
    assert missing.startswith("everything live from json float32 on: fake (1) does not answer")


def test_a_server_without_the_protocol_leaves_the_codec_missing() -> None:
    endpoint = Endpoint("remote", "grpc only", "127.0.0.1:1", "")
    with LiveServer(endpoint, "echo") as server:
        report = examine(server)
    assert report.missing == ("json through the live server: it offers no rest address",)
    assert {c.place for c in report.cells} == {"offline"}


def test_signatures_that_the_server_lacks_are_not_called() -> None:
    endpoint = Endpoint("remote", "other", "", "127.0.0.1:1")
    with LiveServer(endpoint, "echo", signatures=["echo_f32", "serving_default"]) as server:
        legs = [t.leg for t in live_trips(server, registry.get("json"), "float32")]
    assert legs == ["both"]


class Flaky(Transport):
    """Fails with the codes it is given, one per send, then answers."""

    name = "rest"
    codes: list[str]
    opened = 0

    def __init__(self, codes: list[str]) -> None:
        self.codes = codes

    def send(self, body: bytes) -> bytes:
        if self.codes:
            raise TransportError("failed", code=self.codes.pop(0))
        return b"answer"


@pytest.fixture
def flaky_server(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(*codes: str) -> LiveServer:
        shared = list(codes)

        def open_flaky(*arguments: object) -> Flaky:
            return Flaky(shared)

        monkeypatch.setattr(live, "open_transport", open_flaky)
        return LiveServer(Endpoint("remote", "flaky", "", "127.0.0.1:1"), "echo")

    return make


SPEC = TensorSpec("float32", (1, 1))
CALL = Call("echo", "serving_default", {"x": SPEC}, {"y": SPEC})


def test_a_connection_that_was_closed_is_opened_once_more(flaky_server: Any) -> None:
    assert flaky_server("").send("rest", b"", CALL) == b"answer"


@pytest.mark.parametrize("codes", [("", ""), ("UNAVAILABLE", "UNAVAILABLE"), ("DEADLINE_EXCEEDED", "")])
def test_no_answer_twice_means_that_the_server_is_gone(flaky_server: Any, codes: tuple[str, ...]) -> None:
    with pytest.raises(ServerGoneError, match="flaky"):
        flaky_server(*codes).send("rest", b"", CALL)


@pytest.mark.parametrize("code", ["400", "501", "INVALID_ARGUMENT"])
def test_a_refusal_is_an_answer(flaky_server: Any, code: str) -> None:
    with pytest.raises(TransportError) as caught:
        flaky_server(code).send("rest", b"", CALL)
    assert caught.value.code == code
