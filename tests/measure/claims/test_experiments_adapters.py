"""Experiments that other measurements make: what of their records becomes evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serlab.analysis.claims.judge import judge
from serlab.errors import MeasureError
from serlab.measure.claims import batching, copies, gateway, saturation, sharing
from serlab.measure.claims.lab import QUICK, Lab
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.deployment import (
    BatchingReport,
    BatchingStep,
    BatchSetting,
    Burst,
    GatewayReport,
    MultiplexingReport,
    SharedCall,
    UploadProfile,
    UploadReport,
)
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.load import LoadStep, StepSpec
from serlab.records.run import Case, Endpoint, Exactness, MemoryProfile
from serlab.records.store import RunFolder
from serlab.transports.base import TransportOptions

EXACT = Exactness(4, {"exact": 4})


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    target = Target(Endpoint("embedded", "v", "127.0.0.1:1", "127.0.0.1:2"), TransportOptions())
    return Lab(RunFolder(tmp_path), Workers(), QUICK, target)


def step(codec: str, throughput: float, number: int = 0, failure: str = "", concurrency: int = 50) -> LoadStep:
    return LoadStep(
        StepSpec("image", codec, concurrency=concurrency),
        "rest",
        number,
        calls=0 if failure else 100,
        attempts=100,
        errors={},
        throughput_per_s=throughput,
        measured_s=1.0,
        stable=True,
        request_bytes=1000,
        response_bytes=50,
        failure=failure,
    )


def stepping(made: Callable[[str], LoadStep]) -> Callable[..., LoadStep]:
    """Return what stands for ``load_step``: it keeps the step that is made for the codec, and returns it."""

    def run(
        _clients: object, _target: object, spec: StepSpec, *, keep: Callable[[LoadStep], None], **_: Any
    ) -> LoadStep:
        found = made(spec.codec)
        keep(found)
        return found

    return run


def burst(codec: str, connections: int, number: int, waits: bool, large: bool = False) -> Burst:
    calls = tuple(SharedCall(0.01 * place if waits else 0.0, 0.01) for place in range(8))
    return Burst(
        codec,
        "grpc" if codec == "wire" else "rest",
        connections,
        number,
        total_s=0.08 if waits else 0.01,
        calls=calls,
        large=SharedCall(0.0, 0.1) if large else None,
    )


def multiplexing(**changes: Any) -> MultiplexingReport:
    bursts = [
        burst(codec, connections, number, waits=codec == "orjson" and connections == 1)
        for number in range(3)
        for codec in ("wire", "orjson")
        for connections in (1, 8)
    ]
    behind = [burst(one.codec, one.connections, one.round, waits=one.total_s > 0.05, large=True) for one in bursts]
    frames = tuple(step("wire", rate, concurrency=n) for n, rate in ((1, 100.0), (8, 250.0)))
    return MultiplexingReport("vector-10k", "image", 8, tuple(bursts), tuple(behind), frames, **changes)


def test_bursts_become_overlaps_by_protocol_and_connections(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    monkeypatch.setattr(sharing, "measure_multiplexing", lambda *_, **__: multiplexing())
    evidence = sharing.measure(lab)
    judged = judge("multiplexing", evidence).judgement
    assert judged.verdict == "reproduced"
    told = {quantity.label: quantity.value.median for quantity in judged.measured}
    assert told["all calls ÷ slowest single call: REST, one connection"] == pytest.approx(8.0)
    assert told["all calls ÷ slowest single call: gRPC, one connection"] == pytest.approx(1.0)
    assert judge("streaming", evidence).judgement.measured[0].value.median == pytest.approx(2.5)


def test_bursts_that_failed_are_no_evidence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Burst("wire", "grpc", 1, 0, 0.1, (SharedCall(0.0, 0.1, "UNAVAILABLE"),))
    report = MultiplexingReport("vector-10k", "image", 8, (failed,))
    monkeypatch.setattr(sharing, "measure_multiplexing", lambda *_, **__: report)
    with pytest.raises(MeasureError, match="UNAVAILABLE"):
        sharing.measure(lab)


def test_batching_steps_become_throughput_by_setting(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = BatchSetting(16, 2000)
    steps = tuple(
        entry
        for number in range(6)
        for entry in (
            BatchingStep(None, step("wire", 10.0, number)),
            BatchingStep(setting, step("wire", 17.0, number), mean_rows=9.87),
        )
    )
    monkeypatch.setattr(batching, "measure_batching", lambda *_: BatchingReport("graph", "wire", 16, steps))
    evidence = batching.measure(lab)
    assert evidence.facts[f"mean batch, {setting}"] == 9.9
    judged = judge("batching", evidence).judgement
    assert judged.verdict == "reproduced"
    assert judged.measured[0].value.median == pytest.approx(1.7)


def test_batching_without_an_answer_is_no_evidence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (BatchingStep(None, step("wire", 0.0, failure="refused")),)
    monkeypatch.setattr(batching, "measure_batching", lambda *_: BatchingReport("graph", "wire", 16, steps))
    with pytest.raises(MeasureError, match="refused"):
        batching.measure(lab)


def test_load_steps_become_throughput_bytes_and_network(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {"json": 4.0, "tensor-proto": 16.0}
    monkeypatch.setattr(lab, "available", lambda codecs: list(codecs))
    monkeypatch.setattr(saturation, "checked", lambda spec: spec)
    monkeypatch.setattr(saturation, "load_step", stepping(lambda codec: step(codec, rates[codec])))
    evidence = saturation.measure(lab)
    told = {(series.quantity, series.codec): series.samples[0][0] for series in evidence.series}
    assert told["throughput", "json"] == 4.0
    assert told["bytes per request", "json"] == 1050
    assert told["network", "tensor-proto"] == 8 * 16.0 * 1050
    assert judge("resnet-qps", evidence).judgement.measured[0].value.median == 4.0


def test_a_load_that_nothing_answers_is_no_evidence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "available", lambda codecs: list(codecs))
    monkeypatch.setattr(saturation, "checked", lambda spec: spec)
    monkeypatch.setattr(saturation, "load_step", stepping(lambda codec: step(codec, 0.0, failure="server gone")))
    with pytest.raises(MeasureError, match="server gone"):
        saturation.measure(lab)


def called(
    codec: str, number: int, seconds: float, exactness: Exactness | None = EXACT, error: str = ""
) -> EndToEndRun:
    call = CallSample(0.0, seconds, 0.0, seconds)
    return EndToEndRun("image", codec, "rest", number, (call,), 1, 1, 0.0, None, None, exactness, error=error)


def test_answers_through_a_gateway_are_the_same_only_if_every_client_got_them() -> None:
    direct = [called("wire", 0, 0.1), called("orjson", 0, 0.1)]
    assert gateway._same(direct, [called("wire", 0, 0.2), called("orjson", 0, 0.2)])
    assert not gateway._same(direct, [called("wire", 0, 0.2, Exactness(4, {"exact": 3, "rounded": 1}))])
    assert not gateway._same(direct, [called("wire", 0, 0.2, error="UNAVAILABLE")])
    assert not gateway._same(direct, [called("wire", 1, 0.2)])
    assert not gateway._same(direct, [])
    assert not gateway._same([], [])


def test_without_nginx_the_reason_and_what_is_needed_are_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("serlab.serving.gateway._MORE_PLACES", ())
    judged = judge("dual-protocol", gateway.measure(lab)).judgement
    assert (judged.verdict, judged.needs) == ("not testable here", "nginx")
    assert "nginx is not installed" in judged.finding


def test_a_gateways_calls_become_latencies_both_ways(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    ways = [
        [called(codec, number, seconds) for number in range(3) for codec in ("wire", "orjson")] for seconds in (1, 1.5)
    ]
    monkeypatch.setattr(gateway, "find_nginx", lambda: "nginx")
    monkeypatch.setattr(gateway, "start_gateway", lambda endpoint: nullcontext(endpoint))
    report = GatewayReport("nginx/1", tuple(ways[0]), tuple(ways[1]))
    monkeypatch.setattr(gateway, "measure_gateway", lambda *_, **__: report)
    judged = judge("dual-protocol", gateway.measure(lab)).judgement
    assert judged.verdict == "reproduced"
    assert judged.measured[0].value.median == pytest.approx(0.5)
    assert judged.measured[1].value.median == pytest.approx(1.5)


def test_upload_peaks_are_told_by_how_the_body_was_made(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = {"json-chunked": 200_000, "orjson": 30_000_000}

    def measured(workers: Any, target: Any, folder: Any, *, payloads: Any, codecs: Any, seed: int) -> UploadReport:
        return UploadReport(
            tuple(
                UploadProfile(MemoryProfile(Case(payload, codec, "encode"), 1, peaks[codec], 0, 0, 0, ""), 1, True)
                for payload in payloads
                for codec in codecs
            )
        )

    monkeypatch.setattr(copies, "measure_upload", measured)
    judged = judge("memory-chunk", copies.measure_upload_peak(lab)).judgement
    assert judged.verdict == "reproduced"
    assert judged.measured[0].value.median == pytest.approx(150)
    assert len(lab.folder.read_memory()) == 4


def test_an_upload_that_fails_is_no_evidence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    report = UploadReport(failures={"batch-16/orjson": "413"})
    monkeypatch.setattr(copies, "measure_upload", lambda *_, **__: report)
    with pytest.raises(MeasureError, match="413"):
        copies.measure_upload_peak(lab)
