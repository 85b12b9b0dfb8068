"""Points of a law, measured on servers that behave in known ways; nothing here depends on how fast they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from serlab.errors import TransportError
from serlab.measure import laws
from serlab.measure.laws import MIN_CALLS, PASSES, Probe, body_of, lab_probes, measure_points
from serlab.measure.yardsticks import measure_yardsticks
from serlab.records import series
from serlab.records.law import ROUTES, LawPoint, LawVisit
from serlab.records.run import Endpoint
from serlab.transports.base import Transport, TransportOptions
from serlab.wire import decode_request

NOWHERE = Endpoint("remote", "1", "127.0.0.1:1", "127.0.0.1:1")
Answer = Callable[[bytes], bytes]
Measure = Callable[..., list[LawPoint]]


class Answering(Transport):
    name = "answering"

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def send(self, body: bytes) -> bytes:
        return self._answer(body)


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Measure:
    def run(answer: Answer, probes: list[Probe], kept: Path | None = None) -> list[LawPoint]:
        @contextmanager
        def fake(kind: str, endpoint: Endpoint, call: object, options: TransportOptions) -> Iterator[Transport]:
            yield Answering(answer)

        monkeypatch.setattr(laws, "open_transport", fake)
        return measure_points(NOWHERE, TransportOptions(), probes, budget_s=0.2, kept=kept)

    return run


PROBES = [Probe("rest-numbers", kind, elements) for kind in ("eat", "make") for elements in (64, 512, 2_560)]


def test_every_probe_is_called_in_every_pass(measure: Measure) -> None:
    points = measure(lambda body: b"x" * 40, PROBES)
    assert [point.kind for point in points] == [probe.kind for probe in PROBES]
    for point, probe in zip(points, PROBES, strict=True):
        assert (point.request_bytes, point.response_bytes) == (len(body_of(probe)), 40)
        assert len(point.passes_s) == PASSES
        assert point.calls >= PASSES * MIN_CALLS
        assert 0 < point.low_s <= point.median_s <= point.high_s
        assert point.median_s == sorted(point.passes_s)[1]
        assert (point.failed, point.error, point.refused) == (0, "", False)


def test_what_was_measured_before_an_interruption_is_not_measured_again(measure: Measure, tmp_path: Path) -> None:
    kept, sent = tmp_path / "law.jsonl", 0

    def interrupted(_body: bytes) -> bytes:
        nonlocal sent
        sent += 1
        if len(kept.read_bytes().splitlines() if kept.exists() else ()) == 8:  # the version, and seven visits
            raise KeyboardInterrupt
        return b"x" * 40

    with pytest.raises(KeyboardInterrupt):
        measure(interrupted, PROBES, kept)
    before = series.read(kept, LawVisit)
    assert len(before) == 7
    points = measure(lambda _body: b"y" * 50, PROBES, kept)
    visits = series.read(kept, LawVisit)
    assert visits[:7] == before
    assert len({(visit.number, visit.probe) for visit in visits}) == len(visits) == PASSES * len(PROBES)
    assert sum(point.calls for point in points) == sum(len(visit.took_s) for visit in visits)
    others = measure(lambda _body: b"z" * 60, PROBES[:2], kept)  # other probes: nothing of those is theirs
    assert {point.response_bytes for point in others} == {60}


def test_a_size_that_is_refused_is_sent_once_and_told(measure: Measure) -> None:
    sent = []

    def limited(body: bytes) -> bytes:
        sent.append(len(body))
        if len(body) > 10_000:
            raise TransportError("body too large", code="413")
        return b"{}"

    points = measure(limited, PROBES)
    assert [point.refused for point in points] == [False, False, True, False, False, False]
    assert points[2].error == "413: body too large"
    assert sent.count(points[2].request_bytes) == 1


def test_a_server_that_no_longer_answers_is_asked_no_more(measure: Measure) -> None:
    sent = []

    def hanging(body: bytes) -> bytes:
        sent.append(body)
        if len(sent) > 1:
            raise TransportError("no complete answer within 5 s") from TimeoutError()
        return b"{}"

    points = measure(hanging, PROBES)
    assert len(sent) == 1 + laws.SILENT
    told = [point.error.partition(":")[0] for point in points]
    assert told.count("TIMEOUT") == laws.SILENT
    assert told.count("not asked") == len(PROBES) - laws.SILENT


def test_calls_that_fail_now_and_then_are_counted(measure: Measure) -> None:
    count = iter(range(10**9))

    def throttled(body: bytes) -> bytes:
        if next(count) % 7 == 6:
            raise TransportError("slow down", code="429")
        return b"{}"

    points = measure(throttled, PROBES)
    assert sum(point.failed for point in points) > 0
    assert all(point.error.startswith("429") for point in points if point.failed)


def test_probes_hold_what_their_kind_and_route_say() -> None:
    numbers = np.asarray(json.loads(body_of(Probe("rest-numbers", "echo", 64)))["instances"], np.float32)
    message = decode_request(body_of(Probe("grpc", "echo", 64)))
    assert numbers.shape == (1, 64)
    assert np.array_equal(message.inputs["x"], numbers)
    assert json.loads(body_of(Probe("rest-numbers", "make", 64))) == {"signature_name": "make", "instances": [64]}
    packed = json.loads(body_of(Probe("rest-base64", "eat", 64)))
    assert packed["signature_name"] == "eat_bytes"
    assert len(packed["instances"][0]["b64"]) == 4 * -(-64 * 4 // 3)
    assert body_of(Probe("grpc", "model", 3, body=b"given")) == b"given"


def test_probes_tell_in_from_out_on_every_route() -> None:
    for route in ROUTES:
        mine = [probe for probe in lab_probes([route]) if probe.elements == 2_560]
        assert {probe.kind for probe in mine} == {"eat", "make", "echo"}
        assert {probe.route for probe in lab_probes([route])} == {route}


def test_yardsticks_are_those_that_carry_laws() -> None:
    from serlab.analysis.laws import scale

    found = measure_yardsticks()
    assert all(f"``{name}``" in (scale.__doc__ or "") for name in found)
    assert {name for names in scale._CARRIES.values() for name in names} <= found.keys()
    assert all(stick.seconds > 0 and stick.spread >= 0 for stick in found.values())
