"""GetModelMetadata and GetModelStatus, as messages for gRPC and as the JSON TensorFlow Serving makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf import json_format
from google.protobuf.message import Message
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from serlab.embedded.core import ServerCore
from serlab.embedded.status import invalid_argument
from serlab.wire import ModelSpec

#: The only metadata field there is.
SIGNATURE_DEF = "signature_def"


def metadata_response(
    core: ServerCore, spec: ModelSpec | None, fields: Sequence[str]
) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """Return the signatures of a model.

    Raises:
        StatusError: no model spec, no or unknown metadata fields, no such model.
    """
    if spec is None:
        raise invalid_argument("Missing ModelSpec")
    if not fields:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for name in fields:
        if name != SIGNATURE_DEF:
            # errors::InvalidArgument concatenates, and formats nothing.
            raise invalid_argument(f"Metadata field %s is not supported{name}")
    servable = core.servable(spec)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in servable.model.signatures.items():
        signatures.signature_def[name].CopyFrom(signature.definition)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = servable.name
    response.model_spec.version.value = servable.version
    response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response


def status_response(core: ServerCore, spec: ModelSpec | None) -> get_model_status_pb2.GetModelStatusResponse:
    """Return the state of a model's versions.

    Raises:
        StatusError: no model spec, or no such model or version.
    """
    if spec is None:
        raise invalid_argument("Missing ModelSpec")
    response = get_model_status_pb2.GetModelStatusResponse()
    for state in core.status(spec):
        entry = response.model_version_status.add(version=state.version, state=state.state)
        entry.status.SetInParent()
        if state.error:
            entry.status.error_code = int(state.error.code)
            entry.status.error_message = state.error.message
    return response


def metadata_json(core: ServerCore, spec: ModelSpec) -> str:
    """Return the body of ``GET …/metadata``: two messages' JSON, put together by hand as the server does."""
    response = metadata_response(core, spec, [SIGNATURE_DEF])
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[SIGNATURE_DEF].Unpack(signatures)
    model_spec, signature_def = _json(response.model_spec), _json(signatures)
    return f'{{\n"model_spec":{model_spec}\n,\n"metadata": {{"{SIGNATURE_DEF}": {signature_def}\n}}\n}}\n'


def status_json(core: ServerCore, spec: ModelSpec) -> str:
    """Return the body of ``GET /v1/models/<name>``."""
    return _json(status_response(core, spec)) + "\n"


def _json(message: Message) -> str:
    return str(
        json_format.MessageToJson(
            message, indent=1, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    )
