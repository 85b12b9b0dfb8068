"""Does the server have the model ready, and which versions of what speak to each other?"""

from __future__ import annotations

import re

from serlab.errors import SerlabError
from serlab.measure.doctor.patient import Finding, Patient
from serlab.measure.process.machine import library_versions
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
