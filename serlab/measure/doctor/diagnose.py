"""Runs every check on one server and model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from serlab.errors import SerlabError
from serlab.measure.calls import call_of_signature
from serlab.measure.doctor.answers import check_delayed_ack, check_message_limit, check_predict, check_values
from serlab.measure.doctor.patient import Check, Finding, Patient
from serlab.measure.doctor.ports import check_grpc_port, check_rest_port, check_same_model
from serlab.measure.doctor.protos import check_answers, check_client_protos, check_server_protos
from serlab.measure.process.machine import library_versions
from serlab.payload import Payload
from serlab.records.call import Call
from serlab.servable.signatures import ECHO_MODEL, signature
from serlab.serving.status import AVAILABLE, model_status

_CLIENT_LIBRARIES = ("tensorflow-serving-api", "tensorflow", "grpcio", "protobuf", "serlab")
_RELEASE = re.compile(r"(\d+)\.(\d+)")


def check_model_states(patient: Patient) -> Finding:
    """Whether every version the server knows of is available."""
    name = "model states"
    if not (patient.endpoint.grpc or patient.endpoint.rest):
        return Finding(name, "not checked", "neither protocol gets through")
    try:
        versions = model_status(
            patient.endpoint, patient.model, patient.options, version=patient.version, label=patient.label
        )
    except SerlabError as error:
        return Finding(name, "found", str(error))
    listed = "; ".join(f"version {each.version} {each.state} {each.error}".rstrip() for each in versions)
    if not any(each.state == AVAILABLE for each in versions):
        return Finding(name, "found", f"no version of {patient.model} is available: {listed or 'it has none'}")
    if any(each.error for each in versions):
        return Finding(name, "found", listed, "A version that does not load is not served; an older one is.")
    if any(each.state != AVAILABLE for each in versions):
        return Finding(name, "note", listed)
    return Finding(name, "ok", f"{patient.model}: {listed}")


def check_versions(patient: Patient) -> Finding:
    """Name the versions at both ends, and note where the releases are not the same."""
    name = "versions"
    versions = library_versions(_CLIENT_LIBRARIES)
    client = ", ".join(f"{library} {version}" for library, version in versions.items())
    server = patient.endpoint.version or "does not tell its version"
    text = f"server: {patient.endpoint.kind}, {server}; client: {client}"
    theirs = _release(server) if patient.endpoint.kind in ("binary", "docker") else None
    ours = _release(versions.get("tensorflow-serving-api", ""))
    if theirs and ours and theirs != ours:
        return Finding(name, "note", text, "The client's protos are of another release than the server's.")
    return Finding(name, "ok", text)


def _release(text: str) -> tuple[int, int] | None:
    found = _RELEASE.search(text)
    return (int(found[1]), int(found[2])) if found else None


#: In the order of a call: reach the server, find the model, understand the answer.
PORT_CHECKS: tuple[Check, ...] = (check_grpc_port, check_rest_port)
CHECKS: tuple[Check, ...] = (
    check_model_states,
    check_same_model,
    check_versions,
    check_client_protos,
    check_server_protos,
    check_predict,
    check_answers,
    check_values,
    check_message_limit,
    check_delayed_ack,
)

#: What the lab's echo is asked when no payload is given: its REST answer is of the size that delayed ACKs hold back.
ECHO_PAYLOAD = "1x4096:float32"


def diagnose(patient: Patient) -> Iterator[Finding]:
    """Yield the finding of each check, as it is made; a port that does not get through is not asked again.

    One that did is asked once more at the end: of a server that has stopped answering nothing else is found.
    """
    whole, first = patient, [check(patient) for check in PORT_CHECKS]
    yield from first
    grpc, rest = first
    endpoint = patient.endpoint
    passed = replace(
        endpoint,
        grpc=endpoint.grpc if grpc.status == "ok" else "",
        rest=endpoint.rest if rest.status == "ok" else "",
    )
    patient = replace(patient, endpoint=passed)
    for check in CHECKS:
        yield check(patient)
    for check, before in zip(PORT_CHECKS, first, strict=True):
        if before.status == "ok" and (now := check(whole)).status != "ok":
            yield replace(now, check=f"{now.check}, at the end", text=f"it has stopped answering: {now.text}")


def echo_of(payload: Payload, model: str = ECHO_MODEL) -> Call:
    """Return the call that has the lab's echo return ``payload``.

    Raises:
        UnknownNameError: the echo has no signature for its dtype.
    """
    return call_of_signature(signature("echo", payload.dtype).name, payload.only.spec, model)
