"""Whether a client's generated protos know what a server sends: fields that would be dropped without a word.

protobuf keeps fields it does not know apart and never mentions them. A client generated from other .proto files than
the server's reads such an answer without an error, and without those fields.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from serlab.errors import ServingError

#: Generated class by message: ``tensorflow-serving-api`` and TensorFlow bring them.
_CLASSES = {
    "PredictRequest": "tensorflow_serving.apis.predict_pb2",
    "PredictResponse": "tensorflow_serving.apis.predict_pb2",
    "ModelSpec": "tensorflow_serving.apis.model_pb2",
    "GetModelStatusResponse": "tensorflow_serving.apis.get_model_status_pb2",
    "GetModelMetadataResponse": "tensorflow_serving.apis.get_model_metadata_pb2",
    "SignatureDefMap": "tensorflow_serving.apis.get_model_metadata_pb2",
    "TensorProto": "tensorflow.core.framework.tensor_pb2",
    "TensorShapeProto": "tensorflow.core.framework.tensor_shape_pb2",
}

#: Where PredictionService is declared.
_SERVICE_MODULE = "tensorflow_serving.apis.prediction_service_pb2"

#: Field numbers by name, as the .proto files of TensorFlow Serving 2.20 and TensorFlow 2.20 have them.
SERVING_FIELDS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "PredictRequest": {"model_spec": 1, "inputs": 2, "output_filter": 3},
        "PredictResponse": {"outputs": 1, "model_spec": 2},
        "ModelSpec": {"name": 1, "version": 2, "signature_name": 3, "version_label": 4},
        "GetModelStatusResponse": {"model_version_status": 1},
        "GetModelMetadataResponse": {"model_spec": 1, "metadata": 2},
        "TensorProto": {
            "dtype": 1, "tensor_shape": 2, "version_number": 3, "tensor_content": 4, "float_val": 5, "double_val": 6,
            "int_val": 7, "string_val": 8, "scomplex_val": 9, "int64_val": 10, "bool_val": 11, "dcomplex_val": 12,
            "half_val": 13, "resource_handle_val": 14, "variant_val": 15, "uint32_val": 16, "uint64_val": 17,
        },
        "TensorShapeProto": {"dim": 2, "unknown_rank": 3},
    }
)  # fmt: skip

#: ``map<string, google.protobuf.Any> metadata`` holds this one.
_SIGNATURE_DEF_URL = "type.googleapis.com/tensorflow.serving.SignatureDefMap"


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A field of an answer that the client's protos do not have: where it stands, and its number."""

    path: str
    number: int

    def __str__(self) -> str:
        return f"field {self.number} of {self.path}"


class ProtosMissingError(ServingError):
    """The generated classes are not installed here."""


def message_class(name: str) -> Any:
    """Return the client's generated class of a message. Raises ``ProtosMissingError`` where it is not installed."""
    return getattr(_import(_CLASSES[name]), name)


def _import(module: str) -> Any:
    try:
        with _quiet_stderr():
            return importlib.import_module(module)
    except ImportError as error:
        raise ProtosMissingError("the generated protos are not installed: pip install 'serlab[tensorflow]'") from error


def service_methods() -> dict[str, bool]:
    """Return the methods of PredictionService, and of each whether it streams in either direction.

    Raises ``ProtosMissingError`` where the generated classes are not installed.
    """
    methods = _import(_SERVICE_MODULE).DESCRIPTOR.services_by_name["PredictionService"].methods
    return {method.name: method.client_streaming or method.server_streaming for method in methods}


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """TensorFlow's protos come with TensorFlow, whose C++ part greets on stderr before it can be told not to."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as null:
            os.dup2(null.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def differing_fields(fields: Mapping[str, Mapping[str, int]] = SERVING_FIELDS) -> list[str]:
    """Say which fields of TensorFlow Serving's messages the client's classes lack or number otherwise.

    Raises ``ProtosMissingError`` where they are not installed.
    """
    found = []
    for name, numbers in fields.items():
        own = {field.name: field.number for field in message_class(name).DESCRIPTOR.fields}
        for field, number in numbers.items():
            if field not in own:
                found.append(f"{name} has no {field} (field {number})")
            elif own[field] != number:
                found.append(f"{name}.{field} is field {own[field]}, the server's is field {number}")
    return found


def unknown_fields(name: str, body: bytes) -> list[UnknownField]:
    """Return the fields of a serialized answer that the client's class ``name`` does not know, at any depth.

    Raises:
        ProtosMissingError: the generated classes are not installed.
        ServingError: the class cannot read the answer at all.
    """
    from google.protobuf.message import DecodeError

    try:
        message = message_class(name).FromString(body)
        return list(_unknown(message, name))
    except DecodeError as error:
        raise ServingError(f"the client's {name} cannot read the server's answer: {error}") from error


def _unknown(message: Any, path: str) -> Iterator[UnknownField]:
    from google.protobuf.unknown_fields import UnknownFieldSet

    for field in UnknownFieldSet(message):
        yield UnknownField(path, field.field_number)
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        inner = f"{path}.{descriptor.name}"
        if descriptor.message_type.GetOptions().map_entry:
            # Maps of plain values, such as map<string, string>, hold no messages.
            if descriptor.message_type.fields_by_name["value"].message_type is not None:
                for key in value:
                    yield from _unknown(_unpacked(value[key]), f"{inner}[{key!r}]")
        else:
            for each in [value] if hasattr(value, "DESCRIPTOR") else value:
                yield from _unknown(_unpacked(each), inner)


def _unpacked(message: Any) -> Any:
    """Return what an Any holds, where the client has its class; any other message as it is."""
    if message.DESCRIPTOR.full_name == "google.protobuf.Any" and message.type_url == _SIGNATURE_DEF_URL:
        return message_class("SignatureDefMap").FromString(message.value)
    return message
