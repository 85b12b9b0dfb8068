from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from serlab.__main__ import build_app
from serlab.measure.doctor.diagnose import diagnose, echo_of
from serlab.measure.doctor.patient import Patient
from serlab.measure.doctor.ports import check_grpc_port, check_rest_port
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions

pytest.importorskip("tensorflow", reason="the embedded server needs TensorFlow")


@pytest.fixture
def endpoint(live_target: Target) -> Endpoint:
    return live_target.endpoint


def examine(endpoint: Endpoint, payload: str = "1x4096:float32") -> Patient:
    chosen = parse_payload(payload)
    return Patient(endpoint, "echo", TransportOptions(), echo_of(chosen), chosen)


def test_nothing_is_found_on_a_healthy_server(endpoint: Endpoint) -> None:
    findings = list(diagnose(examine(endpoint)))
    assert [finding for finding in findings if finding.status == "found"] == []
    told = {finding.check: finding.status for finding in findings}
    for check in ("gRPC port", "REST port", "model states", "both ports", "fields in answers", "values over REST"):
        assert told[check] == "ok"


def test_a_server_in_content_form_answers_zeros_over_rest_and_is_found() -> None:
    from serlab.servable import ensure_echo
    from serlab.serving.base import ServingOptions
    from serlab.serving.registry import parse_serving

    options = ServingOptions("embedded", flags=("--enable_serialization_as_tensor_content=true",))
    with parse_serving(options, {"echo": ensure_echo()}) as started:
        told = {finding.check: finding for finding in diagnose(examine(started))}
    assert told["values over REST"].status == "found"
    assert "zeros" in told["values over REST"].text


def test_a_large_answer_is_found(endpoint: Endpoint) -> None:
    told = {finding.check: finding.status for finding in diagnose(examine(endpoint, "1x1200000:float32"))}
    assert told["message limit"] == "found"


def test_the_rest_port_in_the_place_of_the_grpc_port_refuses_the_preface(endpoint: Endpoint) -> None:
    found = check_grpc_port(examine(replace(endpoint, grpc=endpoint.rest)))
    assert found.status == "found"
    assert "refused preface" in found.text


def test_the_grpc_port_in_the_place_of_the_rest_port_is_found(endpoint: Endpoint) -> None:
    assert check_rest_port(examine(replace(endpoint, rest=endpoint.grpc))).status == "found"


def test_a_model_that_is_not_there_is_the_models_fault_not_the_ports(endpoint: Endpoint) -> None:
    missing = replace(examine(endpoint), model="absent", call=None, payload=None, unfit="no such model")
    told = {finding.check: finding.status for finding in diagnose(missing)}
    assert (told["gRPC port"], told["REST port"], told["model states"]) == ("ok", "ok", "found")


def test_the_command_examines_a_running_server_and_exits_with_0(endpoint: Endpoint, tmp_path: Path) -> None:
    ports = [address.rpartition(":")[2] for address in (endpoint.grpc, endpoint.rest)]
    serving = f"127.0.0.1:{ports[0]}:{ports[1]}"
    done = CliRunner().invoke(build_app(), ["doctor", "--serving", serving, "--model", "echo", "--json"])
    assert done.exit_code == 0, done.output
    told = {finding["check"]: finding["status"] for finding in json.loads(done.stdout)}
    assert told["values over REST"] == "not checked"  # the echo takes any shape, and none was given
    with_payload = CliRunner().invoke(
        build_app(), ["doctor", "--serving", serving, "--model", "echo", "--payload", "2x3:float32"]
    )
    assert with_payload.exit_code == 0, with_payload.output
    assert "6 values over both" in with_payload.stdout


def test_the_command_exits_with_1_when_something_is_found() -> None:
    done = CliRunner().invoke(build_app(), ["doctor", "--serving", "127.0.0.1:9:9", "--model", "m"])
    assert done.exit_code == 1
    assert "refused connection" in done.stdout


def test_a_running_server_needs_its_models_name() -> None:
    done = CliRunner().invoke(build_app(), ["doctor", "--serving", "127.0.0.1:9:9"])
    assert done.exit_code != 0
    assert "--model" in str(done.exception)
