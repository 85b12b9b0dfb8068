"""What a served model says about itself: its signatures, and the names, dtypes and shapes of their tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serlab.connection import TransportOptions
from serlab.connection.questions import UnreachableError, grpc_call, http_get, not_serving, server_document
from serlab.errors import UnknownNameError, WireError
from serlab.records.run import Endpoint
from serlab.serving.status import model_message, model_path
from serlab.wire.dtypes import DATA_TYPES, data_type_name
from serlab.wire.fields import Span, fields, integer, length_field, map_entries, string

GET_MODEL_METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"

#: TensorFlow's own bookkeeping among the signatures.
_INTERNAL = "__saved_model_init_op"
#: Numpy names where they differ from that of the type's storage in memory.
_NAMES = {"DT_STRING": "string", "DT_HALF": "float16", "DT_BFLOAT16": "bfloat16"}
_NUMPY_NAMES = {data.name: _NAMES.get(data.name, data.storage.name) for data in DATA_TYPES.values()}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or output. ``dtype`` is numpy's name ("float32"), "string", or TensorFlow's where numpy has none.

    ``shape`` holds -1 for a size the model leaves open, and is None where it leaves even the number of dimensions open.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None

    def __str__(self) -> str:
        sizes = "any shape" if self.shape is None else str(["?" if size < 0 else size for size in self.shape])
        return f"{self.name}: {self.dtype} {sizes.replace(chr(39), '')}"


@dataclass(frozen=True, slots=True)
class SignatureInfo:
    """A way to call a model: its inputs and outputs by name; ``optional`` inputs have a default in the model."""

    name: str
    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    method: str = ""
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """A model's version and its signatures by name."""

    model: str
    version: int
    signatures: Mapping[str, SignatureInfo]

    def signature(self, name: str) -> SignatureInfo:
        """Return a signature. Raises ``UnknownNameError`` listing those that exist."""
        if name not in self.signatures:
            raise UnknownNameError(f"signature of model {self.model}", name, self.signatures)
        return self.signatures[name]


def read_metadata(
    endpoint: Endpoint,
    model: str,
    options: TransportOptions | None = None,
    *,
    version: int | None = None,
    label: str = "",
) -> ModelMetadata:
    """Ask a server about ``model``, over REST where it has it, otherwise over gRPC.

    ``version`` or ``label`` picks one of its versions; without them the server does. Raises ``UnreachableError``,
    ``ModelMissingError``, or ``ServingError`` for another refusal.
    """
    options = options or TransportOptions()
    if endpoint.rest:
        status, body = http_get(endpoint, f"{model_path(model, version, label)}/metadata", options)
        document = server_document(endpoint, status, body)
        try:
            return metadata_from_json(model, document)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise not_serving(endpoint, status, body) from error
    # GetModelMetadataRequest { ModelSpec model_spec = 1 { string name = 1 }, repeated string metadata_field = 2 }
    request = length_field(1, model_message(model, version, label)) + length_field(2, b"signature_def")
    body = grpc_call(endpoint, GET_MODEL_METADATA, request, options)
    try:
        return metadata_from_message(model, body)
    except WireError as error:
        raise UnreachableError(f"the server at {endpoint.grpc} answers {GET_MODEL_METADATA} with {error}") from error


def metadata_from_json(model: str, document: Mapping[str, Any]) -> ModelMetadata:
    """Return the metadata in a REST answer: the JSON of a GetModelMetadataResponse.

    TensorFlow Serving writes every field under its name; others write protobuf's canonical JSON, with names in
    lowerCamelCase and without fields that have their default. Raises ``KeyError``, ``ValueError`` or ``TypeError`` for
    another object.
    """
    signatures = {}
    definitions = document["metadata"]["signature_def"]
    for name, signature in _member(definitions, "signature_def").items():
        if name != _INTERNAL:
            inputs, outputs = (
                {key: _tensor_from_json(key, info) for key, info in signature.get(side, {}).items()}
                for side in ("inputs", "outputs")
            )
            method = _member(signature, "method_name", "")
            signatures[name] = SignatureInfo(name, inputs, outputs, method, frozenset(signature.get("defaults", ())))
    return ModelMetadata(model, int(_member(document, "model_spec").get("version", 0)), signatures)


def _member(message: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """Return a field by its name in the .proto, or by its name in canonical JSON. Raises ``KeyError`` for neither."""
    first, *rest = name.split("_")
    for spelling in (name, first + "".join(map(str.capitalize, rest))):
        if spelling in message:
            return message[spelling]
    if default is None:
        raise KeyError(name)
    return default


def _tensor_from_json(name: str, info: Mapping[str, Any]) -> TensorInfo:
    shape = _member(info, "tensor_shape", {})
    unknown_rank = _member(shape, "unknown_rank", False)
    sizes = None if unknown_rank else tuple(int(dim.get("size", 0)) for dim in shape.get("dim", ()))
    dtype = info.get("dtype", 0)  # an enum is written by name, or by number
    type_name = data_type_name(dtype) if isinstance(dtype, int) else str(dtype)
    return TensorInfo(name, _NUMPY_NAMES.get(type_name, type_name), sizes)


def metadata_from_message(model: str, body: bytes) -> ModelMetadata:
    """Return the metadata in a serialized ``GetModelMetadataResponse``. Raises ``WireError`` for other bytes."""
    version, signatures = 0, {}
    for number, span in fields(body):
        if number == 1:  # ModelSpec model_spec { google.protobuf.Int64Value version = 2 { int64 value = 1 } }
            for _, wrapper in (part for part in fields(body, span) if part[0] == 2):
                version = next((integer(body, value) for part, value in fields(body, wrapper) if part == 1), 0)
    for key, packed in map_entries(body, (0, len(body)), 2):  # map<string, google.protobuf.Any> metadata
        if key == "signature_def":
            for _, definitions in (part for part in fields(body, packed) if part[0] == 2):  # bytes value
                for name, span in map_entries(body, definitions, 1):  # map<string, SignatureDef> signature_def
                    signatures[name] = _signature_from_message(name, body, span)
    signatures.pop(_INTERNAL, None)
    return ModelMetadata(model, version, signatures)


def _signature_from_message(name: str, body: bytes, span: Span) -> SignatureInfo:
    inputs, outputs = (
        {key: _tensor_from_message(key, body, info) for key, info in map_entries(body, span, number)}
        for number in (1, 2)  # map<string, TensorInfo> inputs = 1, outputs = 2
    )
    method = next((string(body, text) for number, text in fields(body, span) if number == 3), "")
    optional = frozenset(key for key, _ in map_entries(body, span, 4))  # map<string, TensorProto> defaults
    return SignatureInfo(name, inputs, outputs, method, optional)


def _tensor_from_message(name: str, body: bytes, span: Span) -> TensorInfo:
    dtype, unknown_rank = 0, False
    shape: tuple[int, ...] = ()
    for number, value in fields(body, span):
        if number == 2:  # DataType dtype
            dtype = integer(body, value)
        elif number == 3:  # TensorShapeProto tensor_shape { repeated Dim dim = 2, bool unknown_rank = 3 }
            for part, part_span in fields(body, value):
                if part == 2:  # Dim { int64 size = 1 }
                    shape += (next((integer(body, s) for n, s in fields(body, part_span) if n == 1), 0),)
                elif part == 3:
                    unknown_rank = bool(integer(body, part_span))
    type_name = data_type_name(dtype)
    return TensorInfo(name, _NUMPY_NAMES.get(type_name, type_name), None if unknown_rank else shape)
