"""What a server is asked to learn its law: the lab's own servable, or the user's model in batches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from serlab.errors import UsageError
from serlab.lab import learning
from serlab.lab.learning import fit_instance, model_probes
from serlab.records.call import Call, TensorSpec
from serlab.records.run import Endpoint
from serlab.serving.base import ServingOptions

SERVER = Endpoint("remote", "1", "127.0.0.1:1", "127.0.0.1:2")
OPTIONS = ServingOptions("127.0.0.1:1:2", model="mine")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that takes up to 8 rows of 3 float32."""

    def fit(
        serving: ServingOptions, endpoint: Endpoint, payloads: Sequence[str], seed: int
    ) -> tuple[tuple[str, ...], Call]:
        rows = serving.batch or 1
        if rows > 8:
            raise UsageError("no room for a batch")
        call = Call("mine", "s", {"x": TensorSpec("float32", (rows, 3))}, {"y": TensorSpec("float32", (rows, 2))})
        return (f"{rows}x3:float32",), call

    monkeypatch.setattr(learning, "fit_payloads", fit)


@pytest.mark.usefixtures("model")
def test_a_users_model_is_sent_batches_over_every_route_it_takes() -> None:
    probes = model_probes(SERVER, OPTIONS)
    assert {probe.route for probe in probes} == {"grpc", "rest-numbers"}  # it takes no strings
    assert [probe.elements for probe in probes if probe.route == "grpc"] == [1, 2, 4, 8]
    body = next(probe.body for probe in probes if probe.route == "rest-numbers" and probe.elements == 4)
    document = json.loads(body)
    assert document["signature_name"] == "s"
    assert len(document["instances"]) == 4


@pytest.mark.usefixtures("model")
def test_protocols_that_are_not_offered_and_batches_that_are_named_are_kept_to() -> None:
    grpc_only = Endpoint("remote", "1", "127.0.0.1:1", "")
    assert {probe.route for probe in model_probes(grpc_only, OPTIONS)} == {"grpc"}
    one = ServingOptions("127.0.0.1:1:2", model="mine", batch=2)
    assert {probe.elements for probe in model_probes(SERVER, one)} == {2}


def test_a_model_with_a_twin_for_rows_bytes_is_sent_those_too(monkeypatch: pytest.MonkeyPatch) -> None:
    floats = TensorSpec("float32", (2, 3))
    twin = Call("mine", "s_bytes", {"x": floats.packed}, {"y": floats.packed})
    plain = Call("mine", "s", {"x": floats}, {"y": floats}, packed=twin)
    monkeypatch.setattr(learning, "fit_payloads", lambda *_: (("2x3:float32",), plain))
    probes = model_probes(SERVER, ServingOptions("127.0.0.1:1:2", model="mine", batch=2))
    assert [probe.route for probe in probes] == ["grpc", "rest-numbers", "rest-base64"]
    document = json.loads(probes[-1].body)
    assert document["signature_name"] == "s_bytes"
    assert [set(row) for row in document["instances"]] == [{"b64"}, {"b64"}]


def test_the_labs_echo_of_any_size_is_no_model_to_learn_from() -> None:
    with pytest.raises(UsageError, match="leave --model out"):
        model_probes(SERVER, ServingOptions("127.0.0.1:1:2", model="echo"))


def test_a_server_that_serlab_starts_learns_with_the_labs_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave --model out"):
        fit_instance("", ServingOptions("embedded", model="bert"), tmp_path)
