"""Isolated costs plus a law predict calls; order, agreement and left-out codecs are told from both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.analysis.laws.predict import agreement, left_out, order, predict
from serlab.analysis.view import RunView
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.law import Law, Route, RouteLaw
from serlab.records.law_files import TENSORFLOW_SERVING, find_law
from serlab.records.run import Case, PayloadInfo, Run, Transport
from serlab.records.run_data import RunData

ROUTES: Mapping[str, Route] = {
    "orjson": "rest-numbers",
    "json": "rest-numbers",
    "base64": "rest-base64",
    "wire": "grpc",
}
#: Bodies of each payload by codec, both ways the same.
SIZES = {
    "small": {"orjson": 3_000, "json": 5_000, "base64": 1_500, "wire": 1_100},
    "middle": {"orjson": 30_000, "json": 50_000, "base64": 14_000, "wire": 10_300},
    "large": {"orjson": 2_000_000, "json": 3_000_000, "base64": 800_000, "wire": 602_000},
}
STEPS_S = {"orjson": 1e-9, "json": 9e-8, "base64": 2e-9, "wire": 1e-11}  # per byte of the body


@pytest.fixture
def law(tmp_path: Path) -> Law:
    return find_law(TENSORFLOW_SERVING, tmp_path)


def step(payload: str, codec: str) -> float:
    return 1e-5 + STEPS_S[codec] * SIZES[payload][codec]


def route_of(law: Law, codec: str) -> RouteLaw:
    found = law.route(ROUTES[codec])
    assert found is not None
    return found


def client(payload: str, codec: str, exchange_s: Sequence[float], response_bytes: int = 0) -> EndToEndRun:
    one, size = step(payload, codec), SIZES[payload][codec]
    transport: Transport = "grpc" if codec == "wire" else "rest"
    calls = tuple(CallSample(one, exchange, one, 2 * one + exchange) for exchange in exchange_s)
    return EndToEndRun(payload, codec, transport, 1, calls, size, response_bytes or size, 0.0, None, None)


def run_of(run_data: RunData, clients: Sequence[EndToEndRun]) -> RunView:
    runs = []
    for payload, sizes in SIZES.items():
        for codec in sizes:
            cases = [
                Case(payload, codec, "encode"),
                Case(payload, codec, "decode", "values" if codec == "wire" else None),
            ]
            runs += [Run(case, number, 1, (step(payload, codec),), 0.1) for case in cases for number in range(6)]
    payloads = tuple(PayloadInfo(name, (1,), "float32", "uniform", 1, 4) for name in SIZES)
    info = replace(run_data.info, payloads=payloads, codecs=tuple(STEPS_S), gates=())
    return RunView(RunData(info, tuple(runs), (), tuple(clients)))


def as_law_says(law: Law, factor: float = 1.0) -> list[EndToEndRun]:
    return [
        client(payload, codec, [factor * route_of(law, codec).exchange_s(size, size)] * 5)
        for payload, sizes in SIZES.items()
        for codec, size in sizes.items()
    ]


def test_a_server_that_follows_the_law_is_predicted_exactly(run_data: RunData, law: Law) -> None:
    found = predict(run_of(run_data, as_law_says(law)), law, ROUTES)
    assert len(found) == len(SIZES) * len(STEPS_S)
    assert [p.residual for p in found] == pytest.approx([0.0] * len(found), abs=1e-9)
    told = agreement(found)
    assert told is not None
    assert (told.cases, told.within_30_percent) == (12, 1.0)
    assert told.slope == pytest.approx(1.0)
    assert all(p.total_s.low < p.total_s.median < p.total_s.high for p in found)


def test_without_calls_there_is_nothing_to_agree_with(run_data: RunData, law: Law) -> None:
    assert predict(run_of(run_data, ()), law, ROUTES) == ()  # no gates either: bodies of unknown size
    assert agreement(()) is None


def test_scaling_widens_the_interval_of_the_exchange_alone(run_data: RunData, law: Law) -> None:
    view = run_of(run_data, as_law_says(law))
    sure, unsure = (predict(view, law, ROUTES, spread=spread)[0].total_s for spread in (0.0, 0.5))
    assert unsure.low < sure.low < sure.high < unsure.high
    assert unsure.low > 2 * step("small", "orjson")  # the client's steps were measured here


def test_codecs_that_change_places_are_told_and_ties_are_not(run_data: RunData, law: Law) -> None:
    clients = [
        client(run.payload, run.codec, [2e-3 if run.codec == "base64" else 4e-3]) if run.payload == "large" else run
        for run in as_law_says(law)
    ]
    orders = {entry.payload: entry for entry in order(predict(run_of(run_data, clients), law, ROUTES))}
    assert orders["large"].predicted[:2] == ("wire", "base64")
    assert orders["large"].measured[0] == "wire"  # 4.0 ms against 2 ms + 3.2 ms of base64's own steps
    slower_wire = [client("large", "wire", [3e-2]) if (r.payload, r.codec) == ("large", "wire") else r for r in clients]
    swapped = {entry.payload: entry for entry in order(predict(run_of(run_data, slower_wire), law, ROUTES))}
    assert ("wire", "base64") in swapped["large"].swapped
    assert swapped["small"].swapped == ()


def test_a_codec_is_predicted_from_the_others_alone(run_data: RunData, law: Law) -> None:
    view = run_of(run_data, as_law_says(law, factor=3.0))  # another server than the law's
    known = predict(view, law, ROUTES)
    found = left_out(view, ROUTES, known)
    # base64 and wire are alone on their routes, orjson and json are not.
    assert {p.codec for p in found} == {"orjson", "json"}
    told, by_law = agreement(found), agreement(known)
    assert told is not None
    assert by_law is not None
    assert told.median_error < 0.1 < by_law.median_error


def test_a_delayed_ack_is_recognised(run_data: RunData, law: Law) -> None:
    held = client("middle", "orjson", [0.044] * 9, response_bytes=33_000)
    found = predict(run_of(run_data, [held]), law, ROUTES)
    assert "delayed ACK" in found[0].meaning
    calm = predict(run_of(run_data, [client("middle", "orjson", [1.4e-3] * 9, response_bytes=33_000)]), law, ROUTES)
    assert calm[0].meaning == ""


def test_waiting_is_told_from_work_by_the_servers_cpu(run_data: RunData, law: Law) -> None:
    idle = replace(client("middle", "wire", [5e-3] * 10), server_cpu_s=10 * 5e-4)
    busy = replace(idle, server_cpu_s=10 * 5e-3)
    assert "waiting, not work" in predict(run_of(run_data, [idle]), law, ROUTES)[0].meaning
    assert predict(run_of(run_data, [busy]), law, ROUTES)[0].meaning == ""


def test_stalls_and_sizes_beyond_the_law_are_named(run_data: RunData, law: Law) -> None:
    stalled = client("middle", "wire", [2e-3] * 10 + [0.2])
    assert "stalls" in predict(run_of(run_data, [stalled]), law, ROUTES)[0].meaning
    beyond = replace(client("large", "wire", [1.0] * 4), request_bytes=40_000_000)
    (found,) = predict(run_of(run_data, [beyond]), law, ROUTES)
    assert not found.covered
    assert "smaller bodies" in found.meaning
