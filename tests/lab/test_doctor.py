from __future__ import annotations

from typing import Any

import pytest

from serlab.lab import doctor
from serlab.records.call import Call, TensorSpec
from serlab.records.run import Endpoint
from serlab.serving.base import ServingOptions

ENDPOINT = Endpoint("embedded", "1", "127.0.0.1:1", "")


def test_a_model_of_the_labs_is_called_itself_and_not_the_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call("embedding", "serving_default", {"ids": TensorSpec("int64", (1, 64))}, {})

    def fit(*_arguments: Any) -> tuple[tuple[str, ...], Call]:
        return ("ids=1x64:int64:integers",), call

    monkeypatch.setattr(doctor, "fit_payloads", fit)
    patient = doctor.patient_of(ServingOptions(model="embedding"), ENDPOINT, "")
    assert patient.call == call
    assert patient.payload is not None
    assert patient.payload.name == "ids=1x64:int64:integers"


def test_without_a_model_the_echo_is_called() -> None:
    patient = doctor.patient_of(ServingOptions(), ENDPOINT, "1x2:float32")
    assert patient.call is not None
    assert patient.call.model == "echo"
