"""Calls that share one connection, over both protocols, and frames pipelined as unary calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

from serlab.analysis.stats import FEWEST
from serlab.codecs.registry import describe
from serlab.errors import MeasureError
from serlab.measure.claims.lab import Lab, series
from serlab.measure.deployment.multiplexing import measure_multiplexing
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Series, Unit
from serlab.records.deployment import Burst, MultiplexingReport
from serlab.records.load import StepLimits

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
