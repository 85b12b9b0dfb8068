"""Whether ``serlab doctor`` tells what the article warns of: made here on purpose, beside the live server's health."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from serlab.measure.claims.lab import Lab
from serlab.measure.doctor.diagnose import ECHO_PAYLOAD, echo_of
from serlab.measure.doctor.patient import Patient
from serlab.measure.doctor.protos import check_answers, check_client_protos, examine_answers
from serlab.payload import parse_payload
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.servable.signatures import ECHO_MODEL
from serlab.serving.http2 import try_preface
from serlab.wire import encode_response
from serlab.wire.fields import length_field

#: A field number that no release of PredictResponse has used: what a newer server might send.
NEW_FIELD = 90
_HTTP1_REFUSAL = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def measure_protos(lab: Lab) -> Evidence:
    """Examine this server, then an answer with a field that the client's protos do not have."""
    payload = parse_payload(ECHO_PAYLOAD, seed=lab.seed)
    target = lab.on_target(None)
    patient = Patient(target.endpoint, ECHO_MODEL, target.options, echo_of(payload), payload)
    live, client = check_answers(patient), check_client_protos(patient)
    newer = encode_response({"y": payload.array()}, form="values", model=ECHO_MODEL) + length_field(NEW_FIELD, b"new")
    made = examine_answers([("PredictResponse", newer)])
    missing = live.text if live.status == "not checked" else client.text if client.status == "not checked" else ""
    facts = {
        f"{said.SAID}this server": live.status,
        f"{said.EXPECTED}this server": "ok",
        f"{said.SAID}the client's protos": client.status,
        f"{said.EXPECTED}the client's protos": "ok",
        f"{said.SAID}an answer with an unknown field": made.status,
        f"{said.EXPECTED}an answer with an unknown field": "found",
        "in words": made.text,
    }
    needs = "pip install 'serlab[tensorflow]'" if missing else ""
    return Evidence("protos", facts=facts, missing=missing, needs=needs)


def measure_preface(lab: Lab) -> Evidence:
    """Send the HTTP/2 preface to this server, to a port that only speaks HTTP/1.1, and to a closed port."""
    target = lab.on_target(None)
    facts = {
        f"{said.SAID}this server": try_preface(
            target.endpoint.grpc, tls=target.endpoint.tls, options=target.options
        ).outcome,
        f"{said.EXPECTED}this server": "http/2",
    }
    with _http1_only() as address:
        facts[f"{said.SAID}a middlebox that speaks HTTP/1.1 only"] = try_preface(address).outcome
    facts[f"{said.EXPECTED}a middlebox that speaks HTTP/1.1 only"] = "refused preface"
    facts[f"{said.SAID}a closed port"] = try_preface(_closed_port()).outcome
    facts[f"{said.EXPECTED}a closed port"] = "refused connection"
    return Evidence("preface", facts=facts)


@contextmanager
def _http1_only() -> Iterator[str]:
    """Run what an HTTP/1.1 proxy does with the preface: answer 400 and close."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(_HTTP1_REFUSAL)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5.0)


def _closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"
