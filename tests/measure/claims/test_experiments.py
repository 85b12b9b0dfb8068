"""The experiments that need no server, on small payloads; the live ones run once against the embedded server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from serlab.analysis.claims.judge import judge
from serlab.codecs import registry
from serlab.codecs.base import Call, TensorSpec
from serlab.measure.claims import diagnosis, extremes, latency, sharing, sizes, tolist
from serlab.measure.claims.lab import QUICK, STANDARD, Effort, Lab, classifier_call
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.run import Endpoint
from serlab.records.store import RunFolder
from serlab.records.suites import PyperfSuite
from serlab.servable.mlp import MLPS
from serlab.servable.signatures import ECHO_MODEL
from serlab.serving.http2 import try_preface
from serlab.transports.base import TransportOptions

MOMENT = Effort(rounds=2, calls_s=0.05, tail_s=0.0, load_s=0.5, large=False)
OFFLINE_CODECS = ("json", "json-orjson-list", "orjson", "base64", "wire")


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(OFFLINE_CODECS) as started:
        yield started


def test_the_tensor_in_a_request_is_the_request_without_its_names() -> None:
    codec = registry.get("wire")
    tensor = np.ones((1, 4), np.float32)
    spec = {"x": TensorSpec("float32", tensor.shape)}
    call = Call("m", "serving_default", spec, spec)
    assert (
        sizes.tensor_length(codec.encode({"x": tensor}, call)) == 2 + 2 + 2 * 4 + 2 + 16
    )  # dtype, shape, dims, content


def test_extreme_values_are_normal_numbers_far_from_one_and_begin_with_the_articles() -> None:
    values = extremes.extreme_values(7)
    assert values.shape == (1, extremes.VALUES)
    assert values[0, 0] == 1e-100
    sizes_ = np.abs(np.log10(np.abs(values[0, 1:])))
    assert sizes_.min() >= 99
    assert np.isfinite(values).all()
    assert np.abs(values).min() > np.finfo(np.float64).tiny
    assert np.array_equal(values, extremes.extreme_values(7))


@pytest.mark.parametrize("codec", ["json", "orjson", "wire"])
def test_without_a_server_every_codec_keeps_extreme_values(codec: str) -> None:
    assert all(extremes.kept_bits(codec, 7, None, TransportOptions()))


def test_tolist_is_timed_under_pyperf_and_its_list_is_many_times_the_tensor(workers: Workers, tmp_path: Path) -> None:
    import pyperf

    output = tmp_path / "run.json"
    seconds, growth = workers.call(tolist.time_tolist, "4x224x224x3:float32", 1, collect=True, output=output)
    assert seconds == pyperf.Benchmark.load(str(output)).get_values()[0]
    assert growth > 4
    peak = workers.call(tolist.peak_of_tolist, "1x32x32x3:float32", 1, tmp_path / "capture.bin")
    assert peak > 8  # 24 bytes per float and 8 per place in a list, in place of 4


def test_a_tail_is_paid_for_only_where_there_is_time(tmp_path: Path) -> None:
    def first(codec: str, seconds: float) -> EndToEndRun:
        call = CallSample(0.0, seconds, 0.0, seconds)
        return EndToEndRun("image", codec, "rest", 0, (call,) * 3, 1, 1, 0.0, None, None)

    runs = [first("json", 0.1), first("orjson", 0.1), first("tensor-proto", 0.01)]
    patient = Lab(RunFolder(tmp_path), Workers(), Effort(11, 0.5, tail_s=600.0, load_s=1.0, large=True))
    needed = latency._for_tails(patient, runs)
    assert set(needed) == {"json", "tensor-proto"}
    assert needed["json"] / 0.1 * 10 > 662
    assert needed["tensor-proto"] / 0.01 * 10 > 662
    hasty = Lab(RunFolder(tmp_path), Workers(), Effort(11, 0.5, tail_s=10.0, load_s=1.0, large=True))
    assert latency._for_tails(hasty, runs) == {}


def test_the_stand_in_for_a_middlebox_refuses_the_preface() -> None:
    with diagnosis._http1_only() as address:
        assert try_preface(address).outcome == "refused preface"


@pytest.fixture(scope="module")
def live(live_target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    models = frozenset((ECHO_MODEL, *(each.model for each in MLPS.values())))
    codecs = [codec for codec in (*latency.CODECS, "json-chunked") if codec in registry.available()]
    with Workers(codecs) as started:
        yield Lab(RunFolder(tmp_path_factory.mktemp("run")), started, MOMENT, live_target, models)


def test_a_large_response_fails_with_default_options_alone(live: Lab) -> None:
    judged = judge("message-limit", sharing.measure_limit(live)).judgement
    assert judged.verdict == "reproduced"
    assert judged.measured[0].value.median > 9_633_792


def test_the_servers_json_reader_rounds_extreme_values_and_grpc_keeps_them(live: Lab) -> None:
    evidence = extremes.measure(live)
    judged = judge("json-precision", evidence).judgement
    assert judged.verdict == "reproduced"
    assert evidence.facts["1e-100 as float64 over REST json"] == "exact"
    shares = {quantity.label: quantity.value.median for quantity in judged.measured}
    assert shares["extreme float64 values altered: json, offline"] == 0
    assert shares["extreme float64 values altered: wire, live"] == 0
    assert shares["extreme float64 values altered: json, live"] > 0.05


def test_vectors_are_called_through_every_codec_and_kept_in_the_run(live: Lab) -> None:
    evidence = latency.measure_vectors(live)
    called = {(series.payload, series.codec) for series in evidence.series}
    assert called == {(payload, codec) for payload in ("vector-1k", "vector-10k") for codec in latency.CODECS}
    kept = live.folder.read_endtoend()
    assert {(run.payload, run.codec) for run in kept} == called
    assert {run.round for run in kept} == {0, 1}
    assert judge("latency-1k", evidence).judgement.measured[0].label == "REST json ÷ gRPC tensor-proto"


def test_a_codec_that_brings_other_scores_is_told(live: Lab) -> None:
    assert live.target is not None
    right, other = (classifier_call(MLPS["vector-1k"], codec) for codec in ("tensor-proto", "orjson"))
    arguments = (live.target.endpoint, live.target.options, "vector-1k", 1)
    assert latency.compare_answers(*arguments, {"tensor-proto": right, "orjson": other}) == {}
    outputs = {name: replace(spec, shape=(1, 256)) for name, spec in other.outputs.items()}
    echoed = replace(other, model="echo", outputs=outputs)
    assert set(latency.compare_answers(*arguments, {"tensor-proto": right, "orjson": echoed})) == {"orjson"}


def test_the_doctor_tells_each_of_the_faults_it_is_shown(live: Lab) -> None:
    assert judge("proto-compat", diagnosis.measure_protos(live)).judgement.verdict == "reproduced"
    assert judge("http2-blocked", diagnosis.measure_preface(live)).judgement.verdict == "reproduced"


@pytest.mark.parametrize(("effort", "profiled"), [(QUICK, 1), (STANDARD, len(tolist.PROFILED))])
def test_quick_profiles_the_first_payload_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, effort: Effort, profiled: int
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(tolist, "read_suite", lambda path: PyperfSuite(()))

    class Stub:
        def of(self, codec: str) -> Stub:
            assert codec == "json"
            return self

        def call(self, function: Any, payload: str, *arguments: Any, **options: Any) -> Any:
            if function is tolist.peak_of_tolist:
                asked.append(payload)
                return 5.0
            return 1.0, 2.0

    class Folder(RunFolder):
        def add_timed(self, suite: str, document: PyperfSuite) -> None: ...

        def write_suites(self) -> None: ...

    evidence = tolist.measure(Lab(Folder(tmp_path), cast(Workers, Stub()), effort))
    assert asked == list(tolist.PROFILED[:profiled])
    assert len([series for series in evidence.series if series.quantity == "peak"]) == profiled


def test_endpoints_without_a_pid_give_no_server_cpu() -> None:
    call = CallSample(0.0, 1.0, 0.0, 1.0)
    run = EndToEndRun("image", "json", "rest", 0, (call, call), 1, 1, 0.5, None, None)
    listed = latency._cpu([run])
    assert {series.quantity for series in listed} == {"client CPU"}
    assert Endpoint("remote", "", "a:1", "").pid is None
