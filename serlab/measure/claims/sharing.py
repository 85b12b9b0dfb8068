"""Calls that share one connection, frames pipelined as unary calls, and a response above gRPC's default limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from statistics import median

from serlab.analysis.stats import FEWEST
from serlab.codecs import registry
from serlab.codecs.registry import describe
from serlab.connection.options import DEFAULT_MAX_RECEIVE_BYTES, TransportOptions
from serlab.errors import MeasureError, TransportError
from serlab.measure.calls import echo_call
from serlab.measure.claims.lab import Lab, series
from serlab.measure.deployment.multiplexing import measure_multiplexing
from serlab.measure.process.patience import says_no
from serlab.payload import parse_payload
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Series, Unit
from serlab.records.deployment import Burst, MultiplexingReport
from serlab.records.load import StepLimits
from serlab.records.run import Endpoint
from serlab.transports.registry import open_transport

CODECS = ("wire", "orjson")
MOST_ROUNDS = FEWEST


def measure(lab: Lab) -> Evidence:
    """Make bursts of calls over one connection and over one per call, small calls behind a large one, and frames."""
    window_s = lab.effort.load_s / 6
    frames = StepLimits(warmup_s=window_s, window_s=window_s, min_windows=2, max_windows=3)
    report = measure_multiplexing(
        lab.clients,
        lab.on_target(None),
        codecs=lab.available(CODECS),
        rounds=min(lab.effort.rounds, MOST_ROUNDS),
        seed=lab.seed,
        frames=frames,
        keep=lab.folder.gather("claims/sharing-bursts"),
    )
    lab.folder.write_part("claims/sharing-bursts", report)
    if report.errors:
        raise MeasureError(f"calls that shared a connection failed: {'; '.join(report.errors)}")
    facts: dict[str, str | int | float | bool] = {
        said.CALLS_AT_ONCE: report.calls,
        "small payload": report.payload,
        "large payload": report.large_payload,
        "every call": "claims/sharing-bursts.json",
        **predict_methods(),
    }
    listed = [
        *_by_setting(said.OVERLAP, report.bursts, lambda burst: burst.overlap),
        *_by_setting(said.SMALL_BEHIND_LARGE, report.behind_large, _small_call_s),
        *_frames(report),
    ]
    return Evidence("sharing", tuple(listed), facts)


def predict_methods() -> dict[str, int]:
    """Return how many methods PredictionService has, and how many of them stream, as its protos say."""
    from serlab.serving.proto_fields import service_methods

    methods = service_methods()
    return {said.METHODS: len(methods), said.STREAMING_METHODS: sum(methods.values())}


def _by_setting(quantity: str, bursts: Iterable[Burst], figure: Callable[[Burst], float]) -> list[Series]:
    """Return the bursts' figures by round, a series per protocol and number of connections."""
    found: dict[str, dict[int, list[float]]] = {}
    for burst in bursts:
        connections = said.ONE_CONNECTION if burst.connections == 1 else said.CONNECTION_PER_CALL
        protocol = "gRPC" if describe(burst.codec)["transport"] == "grpc" else "REST"
        rounds = found.setdefault(f"{protocol}, {connections}", {})
        rounds.setdefault(burst.round, []).append(figure(burst))
    unit: Unit = "ratio" if quantity == said.OVERLAP else "s"
    return [
        Series(quantity, unit, {number: tuple(values) for number, values in rounds.items()}, setting=setting)
        for setting, rounds in found.items()
    ]


def _small_call_s(burst: Burst) -> float:
    return median(call.latency_s for call in burst.calls)


def _frames(report: MultiplexingReport) -> list[Series]:
    return [
        series(said.FRAMES, "1/s", {0: step.throughput_per_s}, setting=said.in_flight(step.spec.concurrency))
        for step in report.frames
        if step.calls and not step.failure
    ]


PAYLOAD = "batch-16"
CODEC = "wire"
#: What gRPC calls a message above its limit.
TOO_LARGE = "RESOURCE_EXHAUSTED"


def measure_limit(lab: Lab) -> Evidence:
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
