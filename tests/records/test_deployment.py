"""What reports of experiments tell of calls that failed."""

from __future__ import annotations

from serlab.records.deployment import Burst, MultiplexingReport, SharedCall
from serlab.records.load import LoadStep, StepSpec


def test_every_kind_of_call_that_failed_is_among_the_errors_of_shared_connections_once() -> None:
    fine, reset = SharedCall(0.0, 1.0), SharedCall(0.0, 1.0, "reset")
    burst = Burst("wire", "grpc", 1, 0, 1.0, (fine, reset, reset))
    behind = Burst("wire", "grpc", 1, 0, 1.0, (fine,), SharedCall(0.0, 1.0, "too large"))
    frames = LoadStep(StepSpec("image", "wire"), "grpc", 0, errors={"UNAVAILABLE": 3})
    found = MultiplexingReport("vector-1k", "image", 3, (burst,), (behind,), (frames,))
    assert found.errors == ("reset", "too large", "image/wire/1 in flight: {'UNAVAILABLE': 3}")
    assert MultiplexingReport("vector-1k", "", 1, (Burst("wire", "grpc", 1, 0, 1.0, (fine,)),)).errors == ()
