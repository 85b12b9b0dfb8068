"""Opens the instance that is examined, and makes the call that examines it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from serlab.connection.questions import UnreachableError
from serlab.errors import SerlabError, ServingError
from serlab.lab.live_target import fit_payloads, has_own_model, is_running, open_endpoint
from serlab.measure.doctor.diagnose import ECHO_PAYLOAD, diagnose, echo_of
from serlab.measure.doctor.patient import Finding, Patient
from serlab.payload import DEFAULT_SEED, parse_payload
from serlab.records.run import Endpoint
from serlab.report.tables.console import print_json
from serlab.servable.signatures import ECHO_MODEL
from serlab.serving.base import ServingOptions
from serlab.serving.remote import remote_endpoint


def examine(serving: ServingOptions, payload: str, *, as_json: bool) -> list[Finding]:
    """Run every check, print each finding as it is made (as JSON: all at the end), and return them.

    Raises:
        ServingError, ServableError, UsageError: an instance that serlab starts does not start.
    """
    findings = []
    with open_patient_endpoint(serving) as endpoint:
        for finding in diagnose(patient_of(serving, endpoint, payload)):
            findings.append(finding)
            if not as_json:
                print(f"{finding.status:12} {finding.check}: {finding.text}", flush=True)
                if finding.advice:
                    print(f"{'':12} → {finding.advice}", flush=True)
    if as_json:
        print_json(findings)
    return findings


@contextmanager
def open_patient_endpoint(wanted: ServingOptions) -> Iterator[Endpoint]:
    """Open the instance; a running server is not asked anything yet, since what is wrong with it is the question."""

    if is_running(wanted):
        yield remote_endpoint(wanted)
    else:
        with open_endpoint(wanted) as endpoint:
            yield endpoint


def patient_of(wanted: ServingOptions, endpoint: Endpoint, payload: str) -> Patient:
    """Make a Predict call fit the model; where none does, the patient says why."""

    given = parse_payload(payload or ECHO_PAYLOAD)
    patient = Patient(endpoint, wanted.model or ECHO_MODEL, wanted.client, version=wanted.version, label=wanted.label)
    if not has_own_model(wanted):
        return replace(patient, call=echo_of(given), payload=given)
    try:
        specs, call = fit_payloads(wanted, endpoint, [payload] if payload else [], DEFAULT_SEED)
        sent = parse_payload(specs[0])
        return replace(patient, call=call or echo_of(sent, wanted.model), payload=sent)
    except SerlabError as error:
        # That the server cannot be reached, its ports are asked about; that it refuses the model, nobody else is.
        refused = isinstance(error, ServingError) and not isinstance(error, UnreachableError)
        return replace(patient, unfit=str(error), refused=refused)
