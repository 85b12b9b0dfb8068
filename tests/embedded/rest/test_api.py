"""What the recorded corpus does not ask: paths, methods and labels at their edges, after the server's sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")

from serlab.embedded.config import ModelConfig
from serlab.embedded.core import ServerCore
from serlab.embedded.rest.api import Answer, Request, RestApi

ROWS = b'{"instances":[[1,2,3,4]]}'


@pytest.fixture(scope="module")
def api(corpus_core: Any) -> RestApi:
    return RestApi(corpus_core)


def _error(answer: Answer) -> str:
    return str(json.loads(answer.body)["error"])


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW"])
def test_methods_libevent_does_not_let_through_are_501(api: RestApi, method: str) -> None:
    answer = api.answer(Request(method, "/v1/models/echo"))
    assert (answer.status, answer.headers["Content-Type"]) == (501, "text/html")


@pytest.mark.parametrize("path", ["/v1/models/a|b", "/v1/models/%zz", "/v1/models/a b", "/v1/models/{x}"])
def test_paths_that_are_no_uri_are_libevents_400(api: RestApi, path: str) -> None:
    answer = api.answer(Request("GET", path))
    assert (answer.status, answer.body[:13]) == (400, b"<HTML><HEAD>\n")


@pytest.mark.parametrize("path", ["/", "/v1", "/V2/models", "/metrics"])
def test_paths_beside_the_api_are_libevents_404(api: RestApi, path: str) -> None:
    assert api.answer(Request("GET", path)).status == 404


def test_paths_ignore_case(api: RestApi) -> None:
    assert api.answer(Request("POST", "/V1/Models/echo:predict", body=ROWS)).status == 200
    answer = api.answer(Request("POST", "/v1/models/echo:PREDICT", body=ROWS))
    assert _error(answer) == "Malformed request: POST /v1/models/echo:PREDICT"


def test_model_names_are_percent_decoded_after_the_path_is_split(api: RestApi) -> None:
    answer = api.answer(Request("GET", "/v1/models/a%2Fb%3Ac"))
    assert _error(answer) == "Could not find any versions of model a/b:c"


def test_a_status_needs_a_model(api: RestApi) -> None:
    assert _error(api.answer(Request("GET", "/v1/models"))) == "Missing model name in request."


def test_a_status_does_not_look_at_labels(api: RestApi) -> None:
    answers = [api.answer(Request("GET", f"/v1/models/versions/labels/{label}")) for label in ("stable", "none")]
    states = [json.loads(answer.body)["model_version_status"] for answer in answers]
    assert [[state["version"] for state in versions] for versions in states] == [["2", "1"], ["2", "1"]]


def test_metadata_and_predict_do(api: RestApi) -> None:
    metadata = api.answer(Request("GET", "/v1/models/versions/labels/stable/metadata"))
    assert json.loads(metadata.body)["model_spec"]["version"] == "1"
    unknown = api.answer(Request("POST", "/v1/models/versions/labels/none:predict", body=ROWS))
    assert (unknown.status, _error(unknown)) == (400, "Unrecognized servable version label: none")


@pytest.mark.parametrize("digits", ["9223372036854775808", "9" * 5000])
def test_versions_beyond_64_bits_are_a_400_without_a_word(api: RestApi, digits: str) -> None:
    for method, path in (
        ("GET", f"/v1/models/echo/versions/{digits}"),
        ("POST", f"/v1/models/echo/versions/{digits}:predict"),
    ):
        answer = api.answer(Request(method, path, body=ROWS))
        assert (answer.status, answer.body) == (400, b"")


def test_leading_zeros_are_no_part_of_a_version(api: RestApi) -> None:
    path = f"/v1/models/versions/versions/{'0' * 100}1:predict"
    assert api.answer(Request("POST", path, body=ROWS)).status == 200


def test_cors_headers_come_with_their_flag_only(corpus_core: Any, api: RestApi) -> None:
    request = Request("GET", "/v1/models/echo")
    assert "Access-Control-Allow-Origin" not in api.answer(request).headers
    assert RestApi(corpus_core, cors=True).answer(request).headers["Access-Control-Allow-Origin"] == "*"


def test_a_run_is_given_up_after_its_time(slow_model: Path) -> None:
    core = ServerCore([ModelConfig("slow", slow_model)])
    predict = "/v1/models/slow:predict"
    answer = RestApi(core, timeout_ms=300).answer(Request("POST", predict, body=b'{"inputs":1000000000000}'))
    assert (answer.status, _error(answer)) == (504, "Timed out waiting for notification")
    assert RestApi(core, timeout_ms=60_000).answer(Request("POST", predict, body=b'{"inputs":10}')).status == 200
    core.close()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"examples":1}', "Expecting 'examples' value to be an list/array"),
        (b'{"examples":[]}', "'examples' value is an empty array"),
        (b'{"examples":[1]}', "Example must be JSON object but got JSON Number"),
        (b'{"examples":[{"f":[null]}]}', "Feature: f has element with unexpected JSON type: Null"),
        (b'{"examples":[{"f":[[1]]}]}', "Feature: f has element with unexpected JSON type: Array"),
        (b'{"examples":[{"f":[1,1.5]}]}', "Unexpected element type in feature: f expecting type: int64"),
        (b'{"examples":[{"f":["a",true]}]}', "Unexpected element type in feature: f expecting type: bytes"),
        (b'{"examples":[{"f":18446744073709551615}]}', "Feature: f has uint64 element. Only int64 is supported."),
        (b'{"examples":[{"f":{"b64":"!"}}]}', "Unable to base64 decode"),
        (b'{"context":5,"examples":[{}]}', "Example must be JSON object but got JSON Number"),
        (b'{"signature_name":"none","examples":[{"x":1}]}', "No signature was found with the name: none"),
        (b'{"signature_name":"two","examples":[{"x":1}]}', "Expected one input Tensor."),
    ],
)
def test_classify_and_regress_say_what_is_wrong_with_a_request(api: RestApi, body: bytes, message: str) -> None:
    for method in ("classify", "regress"):
        answer = api.answer(Request("POST", f"/v1/models/echo:{method}", body=body))
        assert answer.status == 400
        assert _error(answer).endswith(message)


@pytest.mark.parametrize("depth", [65, 254, 255])
def test_dimensions_end_where_tensorflows_do(api: RestApi, depth: int) -> None:
    body = b'{"signature_name":"echo_f32","inputs":%b1%b}' % (b"[" * depth, b"]" * depth)
    answer = api.answer(Request("POST", "/v1/models/echo:predict", body=body))
    if depth > 254:
        assert (answer.status, _error(answer)) == (400, "tensor parsing error: x")
    else:
        assert (answer.status, answer.body.count(b"[")) == (200, depth)


@pytest.mark.parametrize(("signature", "answer"), [("bytes", {"b64": "YWJj"}), ("echo_str", "abc"), ("echo_f32", 1.5)])
def test_scalars_are_answered_as_scalars(api: RestApi, signature: str, answer: Any) -> None:
    sent = "abc" if signature != "echo_f32" else 1.5
    body = json.dumps({"signature_name": signature, "inputs": sent}).encode()
    assert json.loads(api.answer(Request("POST", "/v1/models/echo:predict", body=body)).body) == {"outputs": answer}


def test_tensor_content_answers_make_rest_answer_zeros(corpus_core: Any) -> None:
    """As on a real server: its JSON writer reads the typed fields, which are empty then."""
    api = RestApi(corpus_core, form="content")
    answers = [
        api.answer(Request("POST", "/v1/models/echo:predict", body=json.dumps(body).encode()))
        for body in ({"instances": [[1, 2, 3, 4]]}, {"signature_name": "echo_i64", "inputs": [[7]]})
    ]
    assert [answer.status for answer in answers] == [200, 200]
    assert [json.loads(answer.body) for answer in answers] == [{"predictions": [[0.0] * 4]}, {"outputs": [[0]]}]


@pytest.mark.parametrize(
    ("rows", "values"),
    [('[{"x": 1, "x": 2}]', [1.0]), ('[{"x": 1, "x": 2}, {"x": 3}]', [1.0, 2.0]), ('[{"x": [1], "x": [2]}]', [[1.0]])],
)
def test_an_input_that_an_instance_gives_twice_counts_twice(api: RestApi, rows: str, values: list[Any]) -> None:
    body = f'{{"signature_name": "echo_f32", "instances": {rows}}}'.encode()
    answer = api.answer(Request("POST", "/v1/models/echo:predict", body=body))
    assert (answer.status, json.loads(answer.body)["predictions"]) == (200, values)
