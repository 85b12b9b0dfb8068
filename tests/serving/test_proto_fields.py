from __future__ import annotations

import pytest

from serlab.errors import ServingError
from serlab.serving.proto_fields import (
    SERVING_FIELDS,
    differing_fields,
    message_class,
    service_methods,
    unknown_fields,
)
from serlab.wire.fields import length_field

pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")

NEW = 90  # a field number that no release has used


def test_the_installed_protos_have_all_fields_of_the_server() -> None:
    assert differing_fields() == []


def test_a_field_that_the_client_lacks_or_numbers_otherwise_is_named() -> None:
    server = {"ModelSpec": {"name": 1, "signature_name": 9, "shard": NEW}}
    assert differing_fields(server) == [
        "ModelSpec.signature_name is field 3, the server's is field 9",
        f"ModelSpec has no shard (field {NEW})",
    ]


def test_an_answer_of_known_fields_has_nothing_to_drop() -> None:
    response = message_class("PredictResponse")()
    response.model_spec.name = "m"
    response.outputs["y"].float_val.append(1.0)
    response.outputs["y"].tensor_shape.dim.add().size = 1
    assert unknown_fields("PredictResponse", response.SerializeToString()) == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (length_field(NEW, b"x"), "PredictResponse"),
        (length_field(2, length_field(NEW, b"x")), "PredictResponse.model_spec"),
        (
            length_field(1, length_field(1, b"y") + length_field(2, length_field(NEW, b"x"))),
            "PredictResponse.outputs['y']",
        ),
    ],
)
def test_unknown_fields_are_found_at_any_depth(body: bytes, path: str) -> None:
    (found,) = unknown_fields("PredictResponse", body)
    assert (found.path, found.number) == (path, NEW)


def test_unknown_fields_are_found_in_repeated_messages() -> None:
    status = length_field(NEW, b"x")
    (found,) = unknown_fields("GetModelStatusResponse", length_field(1, status))
    assert found.path == "GetModelStatusResponse.model_version_status"


def test_metadata_is_looked_into_although_it_travels_packed() -> None:
    from google.protobuf.any_pb2 import Any

    packed = Any(type_url="type.googleapis.com/tensorflow.serving.SignatureDefMap", value=length_field(NEW, b"x"))
    entry = length_field(1, b"signature_def") + length_field(2, packed.SerializeToString())
    (found,) = unknown_fields("GetModelMetadataResponse", length_field(2, entry))
    assert found.number == NEW


def test_a_known_number_of_another_type_is_dropped_by_protobuf_and_so_reported() -> None:
    as_text_was_expected = b"\x08\x05"  # field 1 of ModelSpec as a varint
    (found,) = unknown_fields("PredictResponse", length_field(2, as_text_was_expected))
    assert (found.path, found.number) == ("PredictResponse.model_spec", 1)


def test_bytes_that_are_no_message_are_an_error() -> None:
    with pytest.raises(ServingError, match="cannot read"):
        unknown_fields("PredictResponse", b"\xff\xff\xff")


def test_the_table_of_fields_names_only_messages_that_can_be_looked_up() -> None:
    for name in SERVING_FIELDS:
        assert message_class(name).DESCRIPTOR.name == name


def test_no_method_of_the_prediction_service_streams() -> None:
    methods = service_methods()
    assert "Predict" in methods
    assert not any(methods.values())
