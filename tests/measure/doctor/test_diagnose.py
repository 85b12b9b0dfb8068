from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from serlab.measure.doctor import answers
from serlab.measure.doctor import diagnose as diagnose_module
from serlab.measure.doctor.answers import check_delayed_ack, check_message_limit, check_predict, check_values
from serlab.measure.doctor.diagnose import ECHO_PAYLOAD, check_model_states, check_versions, diagnose, echo_of
from serlab.measure.doctor.patient import Answer, Finding, Patient
from serlab.measure.doctor.ports import check_grpc_port, check_rest_port, check_same_model
from serlab.measure.doctor.protos import examine_answers
from serlab.payload import parse_payload
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.wire import encode_response
from serlab.wire.fields import length_field

NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3)


def patient(
    *, grpc: Any = NUMBERS, rest: Any = NUMBERS, endpoint: Endpoint | None = None, form: Any = "values"
) -> Patient:
    """A patient whose answers are already known."""
    payload = parse_payload("2x3:float32")
    made = Patient(
        endpoint or Endpoint("remote", "", "127.0.0.1:9", "127.0.0.1:9"),
        "m",
        TransportOptions(timeout_s=1.0),
        echo_of(payload),
        payload,
    )
    body = b"" if grpc is None else encode_response({"y": grpc}, form=form, model="m", signature="s")
    over_grpc, over_rest = (None if values is None else {"y": values} for values in (grpc, rest))
    made.__dict__["grpc_answer"] = Answer("wire", body, over_grpc, "" if body else "refused", failed=not body)
    made.__dict__["rest_answer"] = Answer(
        "orjson", b"{}" if over_rest else b"", over_rest, "refused", failed=not over_rest
    )
    return made


def test_equal_values_are_fine_and_the_form_is_named() -> None:
    found = check_values(patient(form="content"))
    assert found.status == "ok"
    assert "content form" in found.text


def test_rest_zeros_where_grpc_has_numbers_are_found() -> None:
    found = check_values(patient(rest=np.zeros_like(NUMBERS), form="content"))
    assert found.status == "found"
    assert "enable_serialization_as_tensor_content" in found.advice


def test_a_model_that_answers_zeros_over_both_is_fine() -> None:
    assert check_values(patient(grpc=np.zeros_like(NUMBERS), rest=np.zeros_like(NUMBERS))).status == "ok"


def test_other_values_and_other_sizes_over_rest_are_found() -> None:
    assert check_values(patient(rest=NUMBERS + 1)).status == "found"
    assert check_values(patient(rest=NUMBERS[:1])).status == "found"


def test_rounding_in_text_is_no_difference() -> None:
    assert check_values(patient(rest=NUMBERS * np.float32(1 + 1e-6))).status == "ok"


def test_values_cannot_be_compared_without_both_answers() -> None:
    found = check_values(patient(grpc=None))
    assert found.status == "not checked"
    assert "the Predict call failed" in found.text


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ({"grpc": None}, "over gRPC: refused"),
        ({"rest": None}, "over REST: refused"),
        ({"grpc": None, "rest": None}, ";"),
    ],
)
def test_a_predict_that_fails_is_a_finding(answers: dict[str, Any], text: str) -> None:
    found = check_predict(patient(**answers))
    assert found.status == "found"
    assert text in found.text


def test_a_predict_that_succeeds_names_the_protocols() -> None:
    assert check_predict(patient()).text == "answered over gRPC and REST"
    only = Endpoint("remote", "", "", "127.0.0.1:9")
    assert check_predict(patient(grpc=None, endpoint=only)).text == "answered over REST"


def test_a_call_that_nothing_fits_is_not_checked() -> None:
    made = Patient(Endpoint("remote", "", "h:1", ""), "m", TransportOptions(), unfit="the model takes a graph")
    assert (check_predict(made).status, check_predict(made).text) == ("not checked", "the model takes a graph")


def test_a_model_that_the_server_refuses_is_a_finding() -> None:
    options = TransportOptions()
    made = Patient(Endpoint("remote", "", "h:1", ""), "m", options, unfit="Unrecognized label", refused=True)
    assert check_predict(made).status == "found"
    assert "Unrecognized label" in check_predict(made).text


@pytest.mark.parametrize(("rows", "status"), [(1_000, "ok"), (1_100_000, "found")])
def test_answers_above_four_mebibytes_are_found(rows: int, status: str) -> None:
    assert check_message_limit(patient(grpc=np.zeros((rows, 1), np.float32))).status == status


@pytest.mark.parametrize(("late_s", "status"), [(0.044, "note"), (0.0013, "ok")])
def test_an_answer_that_quickack_makes_faster_by_far_is_noted(
    late_s: float, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(socket, "TCP_QUICKACK"):
        pytest.skip("this system has no TCP_QUICKACK")
    monkeypatch.setattr(answers, "_exchange_s", lambda patient, codec: (late_s, 0.0013))
    assert check_delayed_ack(patient()).status == status


def test_fields_that_the_client_would_drop_are_found() -> None:
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    good = encode_response({"y": NUMBERS}, form="values", model="m", signature="s")
    assert examine_answers([("PredictResponse", good)]).status == "ok"
    found = examine_answers([("PredictResponse", good + length_field(90, b"new"))])
    assert found.status == "found"
    assert "field 90 of PredictResponse" in found.text


def test_an_answer_that_cannot_be_read_is_found() -> None:
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    assert examine_answers([("PredictResponse", b"\xff\xff")]).status == "found"


@pytest.fixture
def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def test_closed_ports_are_told_once_and_not_asked_again(closed_port: str) -> None:
    made = Patient(
        Endpoint("remote", "", closed_port, closed_port),
        "m",
        TransportOptions(timeout_s=1.0),
        unfit="no model",
    )
    findings = {finding.check: finding for finding in diagnose(made)}
    assert findings["gRPC port"].status == findings["REST port"].status == "found"
    assert "refused connection" in findings["gRPC port"].text
    others = {finding.status for finding in findings.values() if finding.check not in ("gRPC port", "REST port")}
    assert "found" not in others


def test_a_server_that_stops_answering_meanwhile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rest(_patient: Patient) -> Finding:
        asked.append("REST port")
        return Finding("REST port", "ok" if len(asked) == 1 else "found", "no answer within 2 s")

    monkeypatch.setattr(diagnose_module, "PORT_CHECKS", (lambda _: Finding("gRPC port", "ok", "answers"), rest))
    monkeypatch.setattr(diagnose_module, "CHECKS", ())
    *_, last = diagnose(patient())
    assert (last.check, last.status) == ("REST port, at the end", "found")
    assert last.text == "it has stopped answering: no answer within 2 s"


def test_ports_without_an_address_are_not_checked() -> None:
    made = patient(endpoint=Endpoint("remote", "", "", ""))
    assert [
        check(made).status for check in (check_grpc_port, check_rest_port, check_same_model, check_model_states)
    ] == ["not checked"] * 4


def test_another_release_at_the_server_is_noted() -> None:
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    old = replace(patient().endpoint, kind="docker", version="tensorflow/serving:1.15.0")
    assert check_versions(patient(endpoint=old)).status == "note"
    assert check_versions(patient()).status == "ok"


def test_the_lab_asks_its_echo_for_an_answer_of_the_size_that_is_held_back() -> None:
    values = parse_payload(ECHO_PAYLOAD).raw_bytes // 4
    assert 16 * 2**10 < values * 9 < 64 * 2**10


def test_a_finding_without_advice_is_plain() -> None:
    assert Finding("a", "ok", "b").advice == ""
