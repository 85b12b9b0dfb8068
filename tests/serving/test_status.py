from __future__ import annotations

from typing import Any

import pytest

from serlab.connection.questions import UnreachableError
from serlab.errors import ServingError
from serlab.records.run import Endpoint
from serlab.serving.status import (
    LoadFailedError,
    ModelVersion,
    await_models,
    model_message,
    model_path,
    model_status,
    parse_status,
    require_available,
)
from serlab.wire.model_spec import ModelSpec, read_model_spec

BOTH = (ModelVersion(2, "AVAILABLE"), ModelVersion(1, "AVAILABLE"))


def test_both_protocols_say_the_same(server: Any) -> None:
    rest_only = Endpoint("remote", "", "", server.endpoint.rest)
    grpc_only = Endpoint("remote", "", server.endpoint.grpc, "")
    assert model_status(rest_only, "versions") == model_status(grpc_only, "versions") == BOTH


def test_messages_of_tensorflows_own_making_are_read() -> None:
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api to make the message")
    from tensorflow_serving.apis import get_model_status_pb2

    response = get_model_status_pb2.GetModelStatusResponse()
    entry = response.model_version_status.add(version=300, state=50)
    entry.status.error_code = 5
    entry.status.error_message = "Could not find SavedModel"
    response.model_version_status.add(version=1, state=20)
    assert parse_status(response.SerializeToString()) == (
        ModelVersion(300, "END", "Could not find SavedModel"),
        ModelVersion(1, "LOADING"),
    )


def test_the_newest_available_version_counts() -> None:
    assert require_available((ModelVersion(9, "LOADING"), *reversed(BOTH)), "m") == 2


@pytest.mark.parametrize(
    ("versions", "error", "message"),
    [
        ((), ServingError, "m is not available: it has no version"),
        ((ModelVersion(1, "START"),), ServingError, "version 1 is START"),
        ((ModelVersion(1, "END", "bad graph"),), LoadFailedError, "could not load model m: version 1 is END bad graph"),
    ],
)
def test_no_available_version_is_an_error_with_the_states(versions: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        require_available(versions, "m")


def test_a_protocol_that_does_not_answer_is_not_hidden_by_one_that_does(server: Any) -> None:
    half = Endpoint("remote", "", "127.0.0.1:1", server.endpoint.rest)
    with pytest.raises(UnreachableError, match=r"no gRPC server at 127\.0\.0\.1:1"):
        model_status(half, "versions")


def test_waiting_ends_when_every_model_is_available(server: Any) -> None:
    checks = []
    await_models(server.endpoint, ["versions"], timeout_s=5, check=lambda: checks.append(1))
    assert checks == [1]


def test_waiting_ends_with_the_last_obstacle() -> None:
    with pytest.raises(ServingError, match=r"not ready within 0\.3 s: no REST API at http://127\.0\.0\.1:1"):
        await_models(Endpoint("binary", "", "", "127.0.0.1:1"), ["m"], timeout_s=0.3, check=lambda: None)


def test_waiting_ends_at_once_when_the_server_gave_up_loading(start_server: Any) -> None:
    server = start_server("--standin_state=END", "--standin_load_error=no such op")
    with pytest.raises(LoadFailedError, match="version 2 is END no such op"):
        await_models(server.endpoint, ["versions"], timeout_s=60, check=lambda: None)


def test_waiting_ends_when_the_check_says_so() -> None:
    def check() -> None:
        raise ServingError("the server has ended")

    with pytest.raises(ServingError, match="has ended"):
        await_models(Endpoint("binary", "", "", "127.0.0.1:1"), ["m"], timeout_s=60, check=check)


@pytest.mark.parametrize(
    ("version", "label", "path"),
    [
        (None, "", "/v1/models/a%2Fb"),
        (0, "", "/v1/models/a%2Fb/versions/0"),
        (7, "", "/v1/models/a%2Fb/versions/7"),
        (None, "new ones", "/v1/models/a%2Fb/labels/new%20ones"),
    ],
)
def test_a_version_is_named_in_the_path_and_in_the_message(version: int | None, label: str, path: str) -> None:
    assert model_path("a/b", version, label) == path
    message = model_message("a/b", version, label)
    assert read_model_spec(message, 0, len(message)) == ModelSpec("a/b", "", version, label or None)


def test_questions_over_rest_go_to_the_version_that_is_wanted(start_server: Any) -> None:
    server = start_server()
    rest_only = Endpoint("remote", "", "", server.endpoint.rest)
    assert model_status(rest_only, "versions", version=2)
    assert model_status(rest_only, "versions", label="stable")
    paths = [entry["rest"] for entry in server.seen() if "rest" in entry][-2:]
    assert paths == ["/v1/models/versions/versions/2", "/v1/models/versions/labels/stable"]
