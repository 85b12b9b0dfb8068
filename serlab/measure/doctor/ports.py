"""Do the two protocols get through to the server at all?"""

from __future__ import annotations

from dataclasses import replace

from serlab.connection.questions import ModelMissingError
from serlab.errors import SerlabError
from serlab.measure.doctor.patient import Finding, Patient
from serlab.records.run import Endpoint
from serlab.serving.http2 import Outcome, try_preface
from serlab.serving.model import read_metadata
from serlab.serving.status import model_status

GRPC_PORT, REST_PORT = "gRPC port", "REST port"

_ADVICE: dict[Outcome, str] = {
    "unreachable": "Is the address right, and does a firewall stand between?",
    "refused connection": "Is the server running, and is this its gRPC port? HTTP/2 is not the problem.",
    "tls failed": "Does the server speak TLS on this port, and is its certificate trusted (--ca)?",
    "no h2 in tls": "Something that ends TLS in between does not offer HTTP/2: let it pass h2, or go around it.",
    "refused preface": "Something here breaks HTTP/2: a proxy or load balancer that speaks HTTP/1.1 only, or this is "
    "the REST port. Let it pass HTTP/2, or use REST.",
    "wants tls": "Add --tls, or write grpcs:// in the address.",
    "silent": "Something takes the connection and swallows HTTP/2.",
    "other protocol": "Another service listens there.",
}


def check_grpc_port(patient: Patient) -> Finding:
    """Tell a refused connection from a refused HTTP/2 preface, and both from a server that speaks gRPC."""
    address = patient.endpoint.grpc
    if not address:
        return Finding(GRPC_PORT, "not checked", "no gRPC address was given")
    preface = try_preface(address, tls=patient.endpoint.tls, options=patient.options)
    if not preface.passed:
        advice = preface.advice or _ADVICE[preface.outcome]
        return Finding(GRPC_PORT, "found", f"{address}: {preface.outcome}: {preface.detail}", advice)
    try:
        _status(patient, grpc=True)
    except ModelMissingError:
        pass  # that the model is not there, the server has just said over gRPC
    except SerlabError as error:
        return Finding(GRPC_PORT, "found", f"HTTP/2 gets through to {address}, gRPC does not: {error}")
    return Finding(GRPC_PORT, "ok", f"{address} answers HTTP/2 and gRPC")


def check_rest_port(patient: Patient) -> Finding:
    """Whether TensorFlow Serving's REST API answers."""
    if not patient.endpoint.rest:
        return Finding(REST_PORT, "not checked", "no REST address was given")
    try:
        _status(patient, grpc=False)
    except ModelMissingError:
        pass  # that the model is not there, the REST API has just said
    except SerlabError as error:
        return Finding(REST_PORT, "found", str(error))
    return Finding(REST_PORT, "ok", f"{patient.endpoint.rest} answers the REST API")


def check_same_model(patient: Patient) -> Finding:
    """Whether both ports serve the same model: a gateway may lead to two servers."""
    name = "both ports"
    if not (patient.endpoint.grpc and patient.endpoint.rest):
        return Finding(name, "not checked", "only one protocol can be asked")
    try:
        over_grpc, over_rest = (
            read_metadata(
                _only(patient, grpc=grpc), patient.model, patient.options, version=patient.version, label=patient.label
            )
            for grpc in (True, False)
        )
    except SerlabError as error:
        return Finding(name, "not checked", f"no metadata: {error}")
    if over_grpc.version != over_rest.version:
        return Finding(
            name,
            "found",
            f"gRPC serves version {over_grpc.version} of {patient.model}, REST version {over_rest.version}",
            "The two ports lead to different servers, or a new version is being loaded: try again.",
        )
    differing = sorted(
        signature
        for signature in over_grpc.signatures.keys() | over_rest.signatures.keys()
        if over_grpc.signatures.get(signature) != over_rest.signatures.get(signature)
    )
    if differing:
        return Finding(
            name, "found", f"signatures differ between gRPC and REST: {', '.join(differing)}",
            "The two ports lead to different models.",
        )  # fmt: skip
    return Finding(
        name, "ok", f"version {over_grpc.version}, {len(over_grpc.signatures)} signatures over gRPC and REST alike"
    )


def _status(patient: Patient, *, grpc: bool) -> None:
    model_status(
        _only(patient, grpc=grpc), patient.model, patient.options, version=patient.version, label=patient.label
    )


def _only(patient: Patient, *, grpc: bool) -> Endpoint:
    return replace(patient.endpoint, rest="") if grpc else replace(patient.endpoint, grpc="")
