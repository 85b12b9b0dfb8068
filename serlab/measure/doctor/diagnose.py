"""Runs every check on one server and model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from serlab.measure.calls import call_of_signature
from serlab.measure.doctor.answers import check_delayed_ack, check_message_limit, check_predict, check_values
from serlab.measure.doctor.models import check_model_states, check_versions
from serlab.measure.doctor.patient import Check, Finding, Patient
from serlab.measure.doctor.ports import check_grpc_port, check_rest_port, check_same_model
from serlab.measure.doctor.protos import check_answers, check_client_protos, check_server_protos
from serlab.payload import Payload
from serlab.records.call import Call
from serlab.servable.signatures import ECHO_MODEL, signature

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
