"""The embedded server is asked what a real TensorFlow Serving 2.20.0 was asked, and has to answer the same."""

from __future__ import annotations

import base64
import http.client
import json
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from serlab.embedded import EmbeddedServer

#: Node names are TensorFlow's choice, and differ from build to build.
_NODE = re.compile(r"\{\{(function_)?node [^}]*\}\}")
MIN_ERROR_TEXT_SHARE = 0.95


@dataclass
class Score:
    """How many of a protocol's cases were right, by group and aspect."""

    right: Counter[tuple[str, str]] = field(default_factory=Counter)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, case: str, aspect: str, same: bool, seen: object = "", wanted: object = "") -> None:
        group = case.partition("/")[0] if "/" in case else "other"
        self.asked[group, aspect] += 1
        self.right[group, aspect] += same
        if not same:
            self.wrong[aspect].append(f"{case}: {seen!r}, recorded {wanted!r}")

    def share(self, aspect: str) -> float:
        asked = sum(count for (_, name), count in self.asked.items() if name == aspect)
        right = sum(count for (_, name), count in self.right.items() if name == aspect)
        return right / asked

    def table(self, title: str) -> str:
        aspects = sorted({aspect for _, aspect in self.asked})
        groups = sorted({group for group, _ in self.asked})
        rows = [f"\n{title:16}" + "".join(f"{aspect:>14}" for aspect in aspects)]
        for group in [*groups, "all"]:
            row = f"  {group:14}"
            for aspect in aspects:
                members = groups if group == "all" else [group]
                right = sum(self.right[member, aspect] for member in members)
                asked = sum(self.asked[member, aspect] for member in members)
                row += f"{f'{right}/{asked}' if asked else '':>14}"
            rows.append(row)
        return "\n".join(rows)


def test_rest_answers_are_those_recorded(
    corpus: dict[str, list[dict[str, Any]]], corpus_server: EmbeddedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    score = Score()
    connection = http.client.HTTPConnection(corpus_server.host, corpus_server.rest_port or 0, timeout=60)
    for case in corpus["rest"]:
        wanted = case["expect"]
        body = base64.b64decode(case["body_b64"]) if case["body_b64"] else None
        connection.request(case["method"], case["path"], body, case["headers"])
        response = connection.getresponse()
        seen, recorded = response.read(), base64.b64decode(wanted["body_b64"])
        name = case["name"]
        status = f"{response.status} {response.reason}"
        score.add(name, "status", status == f"{wanted['status']} {wanted['reason']}", status, wanted["status"])
        kind = response.headers.get("Content-Type", "")
        score.add(name, "content type", kind == wanted["content_type"], kind, wanted["content_type"])
        aspect = "numbers" if wanted["status"] == 200 else "error text"
        score.add(name, aspect, _same(_document(seen), _document(recorded)), seen[:300], recorded[:300])
    connection.close()
    with capsys.disabled():
        print(score.table("REST"))
    assert score.wrong["status"] == []
    assert score.wrong["content type"] == []
    assert score.wrong["numbers"] == []
    assert score.share("error text") >= MIN_ERROR_TEXT_SHARE, score.wrong["error text"]


def test_grpc_answers_are_those_recorded(
    corpus: dict[str, list[dict[str, Any]]], corpus_server: EmbeddedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    grpc = pytest.importorskip("grpc")
    score = Score()
    with grpc.insecure_channel(f"{corpus_server.host}:{corpus_server.grpc_port}") as channel:
        for case in corpus["grpc"]:
            wanted, name = case["expect"], case["name"]
            try:
                answer = channel.unary_unary(case["method"])(base64.b64decode(case["request_b64"]), timeout=60)
            except grpc.RpcError as error:
                code, details = error.code().name, error.details()
                score.add(name, "code", code == wanted["code"], code, wanted["code"])
                same = _NODE.sub("", details) == _NODE.sub("", wanted.get("details", ""))
                # What gRPC itself says of an unknown method is its own matter.
                score.add(name, "error text", same or code == "UNIMPLEMENTED", details, wanted.get("details"))
            else:
                score.add(name, "code", wanted["code"] == "OK", "OK", wanted["code"])
                recorded = base64.b64decode(wanted.get("response_b64", ""))
                score.add(name, "message", _same_message(case["method"], answer, recorded), answer, recorded)
    with capsys.disabled():
        print(score.table("gRPC"))
    assert score.wrong["code"] == []
    assert score.wrong["message"] == []
    assert score.share("error text") >= MIN_ERROR_TEXT_SHARE, score.wrong["error text"]


def _document(body: bytes) -> Any:
    """Parse as JSON where it is JSON, with node names blanked; bytes that are not UTF-8 survive."""
    text = _NODE.sub("", body.decode("utf-8", "surrogateescape"))
    try:
        return json.loads(text)
    except ValueError:
        return text


def _same(seen: Any, recorded: Any) -> bool:
    """Compare bit for bit: NaN equals NaN, -0.0 is not 0.0, 1 is not 1.0."""
    if type(seen) is not type(recorded):
        return False
    if isinstance(seen, float):
        same_sign = math.copysign(1, seen) == math.copysign(1, recorded)
        return (seen != seen and recorded != recorded) or (seen == recorded and same_sign)
    if isinstance(seen, list):
        return len(seen) == len(recorded) and all(map(_same, seen, recorded))
    if isinstance(seen, dict):
        return seen.keys() == recorded.keys() and all(_same(seen[key], recorded[key]) for key in seen)
    return bool(seen == recorded)


def _same_message(method: str, seen: bytes, recorded: bytes) -> bool:
    """Compare messages field by field, by the bytes of each; a map's order is not part of a message."""
    if method.endswith("/Predict"):
        return bool(_predict_parts(seen) == _predict_parts(recorded))
    if method.endswith("/GetModelMetadata"):
        return bool(_metadata_parts(seen) == _metadata_parts(recorded))
    return seen == recorded


def _predict_parts(body: bytes) -> Any:
    from tensorflow_serving.apis import predict_pb2

    message = predict_pb2.PredictResponse.FromString(body)
    # Serialized tensors tell the field that carries the values, and NaN from NaN.
    tensors = {name: tensor.SerializeToString() for name, tensor in message.outputs.items()}
    return tensors, message.model_spec.SerializeToString()


def _metadata_parts(body: bytes) -> Any:
    from tensorflow_serving.apis import get_model_metadata_pb2

    message = get_model_metadata_pb2.GetModelMetadataResponse.FromString(body)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    message.metadata["signature_def"].Unpack(signatures)
    return message.model_spec, message.metadata["signature_def"].type_url, signatures


@pytest.fixture(params=["NaN", "-0.0", "1", "[0.0, [NaN]]"])
def documents(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return (
        json.loads(request.param),
        json.loads(request.param.replace("-", "").replace("1", "1.0").replace("NaN", "2.0")),
    )


def test_the_comparison_tells_numbers_apart_that_print_alike(documents: tuple[Any, Any]) -> None:
    one, other = documents
    assert _same(one, one)
    assert not _same(one, other)
