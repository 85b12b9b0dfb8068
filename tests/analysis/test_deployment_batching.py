"""Which batching setting is recommended."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serlab.analysis.deployment import recommend, summarize_batching
from serlab.analysis.load import histogram
from serlab.records.deployment import BatchingReport, BatchingStep, BatchSetting
from serlab.records.load import LoadStep, StepSpec

SPEC = StepSpec("1x256:float32", "wire", concurrency=16)
SMALL, LARGE, SLOW = BatchSetting(4, 500), BatchSetting(16, 2000), BatchSetting(16, 10_000)


def steps(setting: BatchSetting | None, rates: list[float], latency_s: float, **changes: Any) -> list[BatchingStep]:
    return [
        BatchingStep(
            setting,
            LoadStep(
                SPEC, "grpc", number, calls=100, attempts=100, throughput_per_s=rate, measured_s=1.0, mean_s=latency_s,
                histogram=histogram.encode(np.full(100, latency_s)), **changes,
            ),
            mean_rows=float(setting.max_batch_size) if setting else 1.0,
        )
        for number, rate in enumerate(rates)
    ]  # fmt: skip


def report(*groups: list[BatchingStep]) -> BatchingReport:
    return BatchingReport("graph", "wire", 16, tuple(step for group in groups for step in group))


PLAIN = steps(None, [100, 110, 90] * 2, 0.16)


def test_gains_are_paired_by_round_with_no_batching_first() -> None:
    plain, small, large = summarize_batching(
        report(steps(LARGE, [300, 330, 270] * 2, 0.05), PLAIN, steps(SMALL, [200, 220, 180] * 2, 0.08))
    )
    assert plain.setting is None
    assert plain.gain is None
    assert small.setting == SMALL
    assert small.gain is not None
    assert (small.gain.low, small.gain.median, small.gain.high) == pytest.approx((2, 2, 2))
    assert large.mean_rows == 16
    assert large.p90_s == pytest.approx(0.05, rel=1e-3)
    assert large.p99_s is None


def test_the_fastest_is_recommended() -> None:
    found = recommend(summarize_batching(report(PLAIN, steps(SMALL, [200] * 6, 0.01), steps(LARGE, [300] * 6, 0.05))))
    assert found.setting == LARGE
    assert "times the throughput without batching" in found.reason


def test_among_about_equals_the_least_latency_wins() -> None:
    found = recommend(summarize_batching(report(PLAIN, steps(SLOW, [300] * 6, 0.05), steps(LARGE, [290] * 6, 0.03))))
    assert found.setting == LARGE
    assert "least latency of 2 settings" in found.reason


@pytest.mark.parametrize(
    "other",
    [
        steps(SMALL, [101, 108, 92] * 2, 0.16),  # too close to call
        steps(SMALL, [50] * 6, 0.3),
        steps(SMALL, [300] * 6, 0.05, errors={"UNAVAILABLE": 3}),
    ],
    ids=["as fast", "slower", "calls fail"],
)
def test_no_batching_is_recommended_where_it_does_not_pay(other: list[BatchingStep]) -> None:
    assert recommend(summarize_batching(report(PLAIN, other))).setting is None


def test_a_step_that_failed_is_left_out() -> None:
    failed = [BatchingStep(LARGE, LoadStep(SPEC, "grpc", 0, failure="no such signature"))]
    assert [entry.setting for entry in summarize_batching(report(PLAIN, failed))] == [None]
