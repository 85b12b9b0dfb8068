from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.analysis.claims.catalogue import CLAIMS
from serlab.errors import MeasureError, UnknownNameError, UsageError
from serlab.measure.claims import run
from serlab.measure.claims.experiments import EXPERIMENTS
from serlab.measure.claims.lab import QUICK, Experiment, Lab, classifier_call, series
from serlab.measure.claims.run import ALL_MODELS, CODECS, experiments_for, models_for, put_to_the_test, select
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.claims import PART, ClaimsReport, Evidence
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.run import Endpoint
from serlab.records.store import RunFolder
from serlab.servable.resnet50 import RESNET50
from serlab.transports.base import TransportOptions

SIZE = series("raw bytes", "bytes", {0: 602_112}, payload="image")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(RunFolder(tmp_path), Workers(), QUICK)


@pytest.fixture
def experiments(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(*listed: Experiment) -> None:
        monkeypatch.setattr(run, "EXPERIMENTS", listed)

    return use


def failing(lab: Lab) -> Evidence:
    raise MeasureError("the server died")


def test_every_claim_has_exactly_one_experiment() -> None:
    assert sorted(claim for experiment in EXPERIMENTS for claim in experiment.claims) == sorted(CLAIMS)
    names = [experiment.name for experiment in EXPERIMENTS]
    assert len(set(names)) == len(names)


def test_experiments_call_only_models_that_the_lab_exports() -> None:
    assert models_for(CLAIMS) <= set(ALL_MODELS)


def test_claims_are_selected_by_id_in_the_catalogues_order() -> None:
    assert select([]) == tuple(CLAIMS)
    assert select(["resnet-p50", "size-raw"]) == ("size-raw", "resnet-p50")
    with pytest.raises(UnknownNameError, match="size-raw"):
        select(["size-row"])


def test_only_the_experiments_that_are_needed_are_made() -> None:
    assert [experiment.name for experiment in experiments_for(["size-raw", "size-proto"])] == ["sizes"]
    assert models_for(["size-raw"]) == set()
    assert models_for(["resnet-p50"]) == {RESNET50.model}


def test_evidence_and_verdicts_are_kept(lab: Lab, experiments: Callable[..., None]) -> None:
    experiments(Experiment("sizes", ("size-raw",), lambda lab: Evidence("sizes", (SIZE,))))
    report = put_to_the_test(lab, ["size-raw"])
    assert [result.judgement.verdict for result in report.results] == ["reproduced"]
    assert report.results[0].evidence == "claims/sizes.json"
    kept = lab.folder.read_part("claims/sizes", Evidence, Evidence(""))
    assert kept.series == (SIZE,)
    assert lab.folder.read_part(PART, ClaimsReport, ClaimsReport("", ())).results == report.results


def test_an_experiment_that_fails_leaves_the_others_their_verdicts(lab: Lab, experiments: Callable[..., None]) -> None:
    experiments(
        Experiment("copies", ("zero-copy",), failing),
        Experiment("sizes", ("size-raw",), lambda lab: Evidence("sizes", (SIZE,))),
    )
    report = put_to_the_test(lab, ["size-raw", "zero-copy"])
    told = {result.claim.id: (result.judgement.verdict, result.judgement.finding) for result in report.results}
    assert told["size-raw"][0] == "reproduced"
    assert told["zero-copy"] == ("not testable here", "the server died")
    assert report.missing == ("copies: the server died",)


def test_calls_that_failed_beside_others_are_missing(lab: Lab, experiments: Callable[..., None]) -> None:
    def half(lab: Lab) -> Evidence:
        call = CallSample(0.0, 1.0, 0.0, 1.0)
        lab.keep_calls(EndToEndRun("image", "json", "rest", 0, (call,), 1, 1, 0.5, None, None, error="HTTP 503"))
        return Evidence("sizes", (SIZE,))

    experiments(Experiment("sizes", ("size-raw",), half))
    report = put_to_the_test(lab, ["size-raw"])
    assert [result.judgement.verdict for result in report.results] == ["reproduced"]
    assert report.missing == ("sizes: calls/image/json: HTTP 503",)


def test_a_run_is_gone_on_with_where_it_failed_and_where_it_was_stopped(
    lab: Lab, experiments: Callable[..., None]
) -> None:
    made: list[str] = []
    fails = {"sizes": True}

    def make(name: str) -> Callable[[Lab], Evidence]:
        def run(lab: Lab) -> Evidence:
            made.append(name)
            if fails.get(name):
                raise MeasureError("the server died")
            return Evidence(name, (SIZE,))

        return run

    listed = [Experiment("sizes", ("size-raw",), make("sizes")), Experiment("copies", ("zero-copy",), make("copies"))]
    experiments(*listed, Experiment("parsing", ("parse-speed",), make("parsing")))
    assert put_to_the_test(lab, ["size-raw", "zero-copy"]).missing == ("sizes: the server died",)
    again = Lab(lab.folder, Workers(), QUICK)
    assert put_to_the_test(again, ["zero-copy"]).missing == ("sizes: the server died",), "nobody asked for it again"
    fails.clear()
    report = put_to_the_test(again, ["size-raw", "zero-copy", "parse-speed"])
    assert made == ["sizes", "copies", "sizes", "parsing"]
    assert (len(report.results), report.missing) == (3, ())
    with pytest.raises(UsageError, match="was begun with --offline, without --quick: go on with it so"):
        put_to_the_test(again, ["size-raw"], quick=True)


def test_clients_that_were_called_before_are_not_called_again(lab: Lab, experiments: Callable[..., None]) -> None:
    call = CallSample(0.0, 1.0, 0.0, 1.0)
    run = EndToEndRun("image", "json", "rest", 0, (call,), 1, 1, 0.5, None, None)
    lab.folder.add_endtoend(run, replace(run, codec="orjson", error="reset"))
    experiments(Experiment("sizes", ("size-raw",), lambda lab: Evidence("sizes", (SIZE,))))
    put_to_the_test(lab, ["size-raw"])
    assert lab.called == {("image", "json", 0): run}


def test_verdicts_are_written_before_the_next_experiment_begins(lab: Lab, experiments: Callable[..., None]) -> None:
    def interrupted(lab: Lab) -> Evidence:
        raise KeyboardInterrupt

    experiments(
        Experiment("sizes", ("size-raw",), lambda lab: Evidence("sizes", (SIZE,))),
        Experiment("copies", ("zero-copy",), interrupted),
    )
    with pytest.raises(KeyboardInterrupt):
        put_to_the_test(lab, ["size-raw", "zero-copy"])
    kept = lab.folder.read_part(PART, ClaimsReport, ClaimsReport("", ()))
    assert [result.claim.id for result in kept.results] == ["size-raw"]


@pytest.mark.parametrize(
    ("endpoint", "served", "reason"),
    [
        (None, (), "no live instance"),
        (Endpoint("remote", "", "127.0.0.1:1", ""), (RESNET50.model,), "no rest address"),
        (Endpoint("remote", "", "127.0.0.1:1", "127.0.0.1:2"), ("echo",), "does not serve resnet50"),
    ],
)
def test_what_an_instance_lacks_is_the_reason(
    lab: Lab, endpoint: Endpoint | None, served: tuple[str, ...], reason: str
) -> None:
    lab.target = Target(endpoint, TransportOptions()) if endpoint else None
    lab.served = frozenset(served)
    obstacle = Experiment("resnet", (), failing, (RESNET50.model,), ("grpc", "rest")).obstacle(lab)
    assert obstacle is not None
    assert reason in obstacle.missing
    assert obstacle.needs


def test_an_instance_that_has_everything_is_no_obstacle(lab: Lab) -> None:
    lab.target = Target(Endpoint("remote", "", "127.0.0.1:1", "127.0.0.1:2"), TransportOptions())
    lab.served = frozenset({RESNET50.model})
    assert Experiment("resnet", (), failing, (RESNET50.model,), ("grpc", "rest")).obstacle(lab) is None


def test_a_classifiers_call_goes_to_the_signature_that_the_codec_speaks_to() -> None:
    floats, strings = classifier_call(RESNET50, "json"), classifier_call(RESNET50, "base64")
    ((name, scores),), ((bytes_name, packed),) = floats.outputs.items(), strings.outputs.items()
    assert (floats.signature, name, scores.dtype) == ("serving_default", "y", "float32")
    assert (strings.signature, bytes_name, packed.dtype) == ("bytes", "y_bytes", "string")
    assert packed.packs is not None
    assert scores.shape == packed.packs.shape == (1, 1000)


def test_the_codecs_of_a_run_exist() -> None:
    from serlab.codecs import registry

    assert set(CODECS) <= set(registry.names())
