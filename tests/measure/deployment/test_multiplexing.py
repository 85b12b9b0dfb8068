"""Calls that share a connection with each other, and small ones with a large one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from serlab.analysis.deployment import summarize_sharing
from serlab.codecs import registry
from serlab.codecs.base import Call, TensorSpec
from serlab.errors import CodecError
from serlab.measure.deployment import multiplexing
from serlab.measure.deployment.multiplexing import BURSTS, FRAMES_IN_FLIGHT, measure_multiplexing
from serlab.measure.load.clients import Lane, Work, together_in_threads
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.deployment import Burst
from serlab.records.load import StepLimits
from serlab.transports.base import Transport

CALLS = 4


class NotJson(Transport):
    """Answers every call, the third one with something else."""

    def __init__(self) -> None:
        self._calls = itertools.count()

    def send(self, body: bytes) -> bytes:
        return b"oops" if next(self._calls) == 2 else b'{"predictions": [[1.0]]}'


def test_an_answer_that_cannot_be_read_is_an_error_of_its_call_and_no_gain() -> None:
    codec, tensor = registry.get("json"), np.ones((1, 1), np.float32)
    spec = {"x": TensorSpec("float32", (1, 1))}
    call = Call("echo", "serving_default", spec, spec)
    lanes = [Lane(NotJson(), shared=False, timeout_s=5.0)]
    blank = Burst("json", "rest", 1, 0, 0.0, ())
    burst = multiplexing._burst(blank, Work(codec, {"x": tensor}, call, None), lanes, CALLS)
    assert len(burst.calls) == CALLS
    assert sum(bool(made.error) for made in burst.calls) == 1


def test_what_a_thread_raises_is_raised_where_its_figures_are_missed() -> None:
    def client(number: int) -> None:
        if number:
            raise CodecError("unreadable")

    with pytest.raises(CodecError, match="unreadable"):
        together_in_threads(client, [0, 1])


def test_http2_overlaps_calls_on_one_connection_and_http1_does_not(light_workers: Workers, live_target: Target) -> None:
    report = measure_multiplexing(
        light_workers,
        live_target,
        payload="vector-10k",
        large_payload="1x64x64x3:float32",
        calls=CALLS,
        rounds=2,
        seed=1,
    )
    assert len(report.bursts) == len(report.behind_large) == 2 * 2 * 2 * BURSTS
    assert all(len(burst.calls) == CALLS for burst in (*report.bursts, *report.behind_large))
    assert all(burst.large and not burst.large.error for burst in report.behind_large)
    found = {(entry.transport, entry.connections): entry for entry in summarize_sharing(report)}
    assert set(found) == {("grpc", 1), ("grpc", CALLS), ("rest", 1), ("rest", CALLS)}
    assert all(entry.errors == {} for entry in found.values())
    # One after the other, the last call ends no earlier than the sum of them all.
    assert found["rest", 1].overlap.median > 1.5
    for key in (("grpc", 1), ("grpc", CALLS), ("rest", CALLS)):
        assert found[key].overlap.median < 1.5, key
    assert found["rest", 1].held_back_s is not None
    assert found["rest", CALLS].held_back_s is None


def test_waiting_for_the_connection_is_told_from_the_call(light_workers: Workers, live_target: Target) -> None:
    report = measure_multiplexing(
        light_workers,
        live_target,
        payload="vector-1k",
        large_payload="",
        codecs=("orjson",),
        calls=CALLS,
        rounds=1,
        seed=1,
    )
    assert report.behind_large == ()
    for burst in report.bursts:
        waits = sorted(call.waited_s for call in burst.calls)
        serial = sum(call.exchange_s for call in burst.calls)
        if burst.connections == 1:
            assert waits[-1] > waits[0]
            assert burst.total_s >= serial * 0.9
        else:
            assert serial > burst.total_s, "calls on connections of their own overlap"


def test_frames_are_unary_calls_in_flight_on_one_grpc_connection(light_workers: Workers, live_target: Target) -> None:
    brief = StepLimits(warmup_s=0.05, window_s=0.1, min_windows=3, max_windows=3)
    report = measure_multiplexing(
        light_workers, live_target, payload="vector-1k", large_payload="", calls=2, rounds=1, seed=1, frames=brief
    )
    assert [step.spec.concurrency for step in report.frames] == list(FRAMES_IN_FLIGHT)
    assert {step.spec.sockets for step in report.frames} == {1}
    assert {step.transport for step in report.frames} == {"grpc"}
    assert all(step.calls and not step.errors for step in report.frames)
