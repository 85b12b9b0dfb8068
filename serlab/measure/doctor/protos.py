"""Do the client's generated protos know everything that the server sends?"""

from __future__ import annotations

from serlab.connection.questions import grpc_call
from serlab.errors import SerlabError
from serlab.measure.doctor.patient import Finding, Patient
from serlab.serving.model import GET_MODEL_METADATA
from serlab.serving.proto_fields import (
    SERVING_FIELDS,
    ProtosMissingError,
    differing_fields,
    unknown_fields,
)
from serlab.serving.reflection import reflected_fields
from serlab.serving.status import GET_MODEL_STATUS, model_message
from serlab.wire.fields import length_field

CLIENT_PROTOS, SERVER_PROTOS, ANSWERS = "client's protos", "server's protos", "fields in answers"

_ADVICE = "Generate the client from the server's .proto files: install the tensorflow-serving-api of its release."


def check_client_protos(patient: Patient) -> Finding:  # noqa: ARG001  # every check is given the patient
    """Whether the installed classes have TensorFlow Serving's fields under their numbers."""
    try:
        differing = differing_fields()
    except ProtosMissingError as error:
        return Finding(CLIENT_PROTOS, "not checked", str(error))
    if differing:
        return Finding(CLIENT_PROTOS, "found", "; ".join(differing), _ADVICE)
    count = sum(map(len, SERVING_FIELDS.values()))
    return Finding(CLIENT_PROTOS, "ok", f"all {count} fields of {len(SERVING_FIELDS)} messages, as in release 2.20")


def check_server_protos(patient: Patient) -> Finding:
    """Whether the .proto files that the server tells by reflection are those the client was generated from."""
    if not patient.endpoint.grpc:
        return Finding(SERVER_PROTOS, "not checked", "gRPC cannot be asked")
    try:
        told = reflected_fields(patient.endpoint, SERVING_FIELDS, patient.options)
        if not told:
            return Finding(SERVER_PROTOS, "not checked", "the server does not tell its .proto files by reflection")
        differing = differing_fields(told)
    except SerlabError as error:
        return Finding(SERVER_PROTOS, "not checked", str(error))
    if differing:
        return Finding(SERVER_PROTOS, "found", "; ".join(differing), _ADVICE)
    return Finding(SERVER_PROTOS, "ok", f"the client has every field of {', '.join(sorted(told))}")


def check_answers(patient: Patient) -> Finding:
    """Whether answers hold fields that the client's classes would drop."""
    if not patient.endpoint.grpc:
        return Finding(ANSWERS, "not checked", "gRPC cannot be asked")
    # GetModelStatusRequest and GetModelMetadataRequest both begin with ModelSpec model_spec = 1.
    spec = length_field(1, model_message(patient.model, patient.version, patient.label))
    try:
        answers = [
            ("GetModelStatusResponse", grpc_call(patient.endpoint, GET_MODEL_STATUS, spec, patient.options)),
            (
                "GetModelMetadataResponse",
                grpc_call(
                    patient.endpoint, GET_MODEL_METADATA, spec + length_field(2, b"signature_def"), patient.options
                ),
            ),
        ]
    except SerlabError as error:
        return Finding(ANSWERS, "not checked", f"no answers: {error}")
    if patient.grpc_answer.body:
        answers.append(("PredictResponse", patient.grpc_answer.body))
    return examine_answers(answers)


def examine_answers(answers: list[tuple[str, bytes]]) -> Finding:
    """Return the finding on serialized answers, given with their messages' names."""
    try:
        unknown = [field for name, body in answers for field in unknown_fields(name, body)]
    except ProtosMissingError as error:
        return Finding(ANSWERS, "not checked", str(error))
    except SerlabError as error:
        return Finding(ANSWERS, "found", str(error), _ADVICE)
    read = ", ".join(name for name, _ in answers)
    if unknown:
        listed = "; ".join(dict.fromkeys(map(str, unknown)))
        return Finding(ANSWERS, "found", f"the client's protos drop {listed}", _ADVICE)
    return Finding(ANSWERS, "ok", f"nothing that the client would drop in {read}")
