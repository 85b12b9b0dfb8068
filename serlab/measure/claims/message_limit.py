"""A response above gRPC's default limit, asked for without and with the option that raises it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from serlab.codecs import registry
from serlab.errors import TransportError
from serlab.measure.calls import echo_call
from serlab.measure.claims.lab import Lab, series
from serlab.payload import parse_payload
from serlab.records.claims import Evidence
from serlab.records.run import Endpoint
from serlab.transports.base import DEFAULT_MAX_RECEIVE_BYTES, TransportOptions
from serlab.transports.registry import open_transport

PAYLOAD = "batch-16"
CODEC = "wire"


def measure(lab: Lab) -> Evidence:
    """Call the lab's echo with a payload above 4 MiB, under each of the two settings."""
    target = lab.on_target(None)
    patient = replace(target.options, timeout_s=max(target.options.timeout_s, 60.0))
    facts: dict[str, str] = {}
    size = 0
    for setting, limit in (("default options", None), ("with the option", DEFAULT_MAX_RECEIVE_BYTES)):
        answer = lab.workers.run(
            "serlab.measure.claims.message_limit:run_worker",
            {
                "endpoint": asdict(target.endpoint),
                "options": asdict(replace(patient, max_receive_bytes=limit)),
                "seed": lab.seed,
            },
        )
        facts[setting], size = answer["outcome"], max(size, answer["bytes"])
    return Evidence("message-limit", (series("response bytes", "bytes", {0: size}),), facts)


def run_worker(endpoint: dict[str, Any], options: dict[str, Any], seed: int) -> dict[str, Any]:
    """Be a fresh client that calls once; return the length of the answer, and "ok" or the error's code."""
    codec, payload = registry.get(CODEC), parse_payload(PAYLOAD, seed=seed)
    call = echo_call(codec, payload)
    with open_transport(codec.transport, Endpoint(**endpoint), call, TransportOptions(**options)) as transport:
        try:
            return {"outcome": "ok", "bytes": len(transport.send(codec.encode(payload.build(), call)))}
        except TransportError as error:
            return {"outcome": error.code or str(error), "bytes": 0}
