"""A response above gRPC's default limit, asked for without and with the option that raises it."""

from __future__ import annotations

from dataclasses import replace

from serlab.codecs import registry
from serlab.connection.options import DEFAULT_MAX_RECEIVE_BYTES, TransportOptions
from serlab.errors import TransportError
from serlab.measure.calls import echo_call
from serlab.measure.claims.lab import Lab, series
from serlab.measure.process.patience import says_no
from serlab.payload import parse_payload
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.records.run import Endpoint
from serlab.transports.registry import open_transport

PAYLOAD = "batch-16"
CODEC = "wire"
#: What gRPC calls a message above its limit.
TOO_LARGE = "RESOURCE_EXHAUSTED"


def measure(lab: Lab) -> Evidence:
    """Call the lab's echo with a payload above 4 MiB, under each of the two settings."""
    target = lab.on_target(None)
    patient = replace(target.options, timeout_s=max(target.options.timeout_s, 60.0))
    facts: dict[str, str] = {}
    size = 0
    for setting, limit in ((said.DEFAULT_OPTIONS, None), (said.WITH_OPTION, DEFAULT_MAX_RECEIVE_BYTES)):
        options = replace(patient, max_receive_bytes=limit)
        outcome, length = lab.ask(CODEC, ask, target.endpoint, options, lab.seed)
        facts[setting], size = outcome, max(size, length)
    return Evidence("message-limit", (series(said.RESPONSE_BYTES, "bytes", {0: size}),), facts)


def ask(endpoint: Endpoint, options: TransportOptions, seed: int) -> tuple[str, int]:
    """Be a fresh client that calls once; return "ok" or the error's code, and the length of the answer in bytes."""
    codec, payload = registry.get(CODEC), parse_payload(PAYLOAD, seed=seed)
    call = echo_call(codec, payload)
    with open_transport(codec.transport, endpoint, call, options) as transport:
        try:
            return "ok", len(transport.send(codec.encode(payload.build(call.inputs), call)))
        except TransportError as error:
            if error.code != TOO_LARGE and not says_no(error.code):
                raise
            return error.code, 0
