from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serlab.connection.questions import ModelMissingError
from serlab.errors import UnknownNameError, WireError
from serlab.serving.model import TensorInfo, metadata_from_json, metadata_from_message, read_metadata

CORPUS = Path(__file__).parents[1] / "data" / "serving-corpus"
X = TensorInfo("x", "float32", (-1, 4))


def recorded(file: str, name: str, field: str) -> bytes:
    cases = map(json.loads, (CORPUS / file).read_text().splitlines())
    return base64.b64decode(next(case for case in cases if case["name"] == name)["expect"][field])


@pytest.fixture
def over_rest() -> Any:
    return metadata_from_json("versions", json.loads(recorded("rest.jsonl", "get-metadata", "body_b64")))


def test_what_a_real_server_recorded_is_read(over_rest: Any) -> None:
    assert over_rest.version == 2
    assert sorted(over_rest.signatures) == ["serving_default", "two"], "without TensorFlow's own init op"
    assert over_rest.signature("serving_default").inputs == {"x": X}
    assert sorted(over_rest.signature("two").outputs) == ["diff", "sum"]
    assert over_rest.signature("two").method == "tensorflow/serving/predict"


def test_both_protocols_say_the_same(over_rest: Any) -> None:
    assert metadata_from_message("versions", recorded("grpc.jsonl", "metadata", "response_b64")) == over_rest


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_a_live_server_is_asked_over_the_protocol_it_has(server: Any, over_rest: Any, protocol: str) -> None:
    endpoint = replace(server.endpoint, **{"rest" if protocol == "grpc" else "grpc": ""})
    assert read_metadata(endpoint, "versions") == over_rest
    with pytest.raises(ModelMissingError):
        read_metadata(endpoint, "none")


def test_an_unknown_signature_lists_the_others(over_rest: Any) -> None:
    with pytest.raises(UnknownNameError, match="choose from serving_default, two"):
        over_rest.signature("predict")


@pytest.mark.parametrize(
    ("dtype", "shape", "expected"),
    [
        ("DT_HALF", {"dim": [{"size": "-1"}], "unknown_rank": False}, TensorInfo("t", "float16", (-1,))),
        ("DT_BFLOAT16", {"dim": [], "unknown_rank": False}, TensorInfo("t", "bfloat16", ())),
        ("DT_STRING", {"dim": [], "unknown_rank": True}, TensorInfo("t", "string", None)),
        ("DT_BOOL", {"dim": [{"size": "0"}], "unknown_rank": False}, TensorInfo("t", "bool", (0,))),
        ("DT_RESOURCE", {"dim": [], "unknown_rank": False}, TensorInfo("t", "DT_RESOURCE", ())),
    ],
)
def test_dtypes_and_shapes_in_json(dtype: str, shape: Any, expected: Any) -> None:
    info = {"name": "t:0", "dtype": dtype, "tensor_shape": shape}
    signature = {"inputs": {"t": info}, "outputs": {}, "method_name": ""}
    document = {"model_spec": {"version": "7"}, "metadata": {"signature_def": {"signature_def": {"s": signature}}}}
    assert metadata_from_json("m", document).signature("s").inputs == {"t": expected}


def test_messages_of_tensorflows_own_making_are_read() -> None:
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api to make the message")
    from tensorflow_serving.apis import get_model_metadata_pb2

    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.version.value = 2**40
    definitions = get_model_metadata_pb2.SignatureDefMap()
    inputs = definitions.signature_def["only"].inputs
    inputs["half"].dtype = 19
    inputs["half"].tensor_shape.dim.add(size=-1)
    inputs["half"].tensor_shape.dim.add(size=0)
    inputs["half"].tensor_shape.dim.add(size=2**40)
    inputs["text"].dtype = 7
    inputs["text"].tensor_shape.unknown_rank = True
    inputs["scalar"].dtype = 20
    response.metadata["signature_def"].Pack(definitions)
    metadata = metadata_from_message("m", response.SerializeToString())
    assert metadata.version == 2**40
    assert metadata.signature("only").inputs == {
        "half": TensorInfo("half", "float16", (-1, 0, 2**40)),
        "text": TensorInfo("text", "string", None),
        "scalar": TensorInfo("scalar", "DT_RESOURCE", ()),
    }


def test_every_truncation_of_a_message_is_a_wire_error_or_a_shorter_message() -> None:
    body = recorded("grpc.jsonl", "metadata", "response_b64")
    refused = 0
    for stop in range(len(body)):
        try:
            metadata_from_message("versions", body[:stop])
        except WireError:
            refused += 1
    assert refused > len(body) * 0.9


@pytest.mark.parametrize(
    ("info", "text"),
    [
        (TensorInfo("x", "float32", (-1, 224, 3)), "x: float32 [?, 224, 3]"),
        (TensorInfo("x", "string", None), "x: string any shape"),
        (TensorInfo("x", "int64", ()), "x: int64 []"),
    ],
)
def test_tensors_are_shown_with_open_sizes_as_question_marks(info: Any, text: str) -> None:
    assert str(info) == text


CANONICAL = {
    "modelSpec": {"name": "m", "signatureName": "", "version": "3"},
    "metadata": {
        "signature_def": {
            "@type": "type.googleapis.com/tensorflow.serving.SignatureDefMap",
            "signatureDef": {
                "serving_default": {
                    "inputs": {
                        "x": {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "-1"}, {"size": "4"}]}, "name": "x"}
                    },
                    "outputs": {
                        "y": {"dtype": 2, "tensorShape": {"dim": [{}]}},
                        "z": {"dtype": "DT_INT64"},
                        "any": {"dtype": "DT_INT8", "tensorShape": {"unknownRank": True}},
                    },
                    "methodName": "tensorflow/serving/predict",
                    "defaults": {"x": {}},
                },
                "empty": {},
            },
        }
    },
}


def test_canonical_json_of_the_same_message_is_read() -> None:
    """OpenVINO Model Server writes protobuf's own JSON: lowerCamelCase, and nothing that is at its default."""
    metadata = metadata_from_json("m", CANONICAL)
    assert metadata.version == 3
    found = metadata.signature("serving_default")
    assert found.inputs == {"x": X}
    assert found.outputs == {
        "y": TensorInfo("y", "float64", (0,)),
        "z": TensorInfo("z", "int64", ()),
        "any": TensorInfo("any", "int8", None),
    }
    assert found.method == "tensorflow/serving/predict"
    assert found.optional == {"x"}
    assert metadata.signature("empty").inputs == {}


@pytest.mark.parametrize("document", [{}, {"metadata": {}}, {"metadata": {"signature_def": {}}}, {"metadata": []}])
def test_another_document_is_refused(document: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        metadata_from_json("m", document)
