"""Stability, knees, rounds put together, and remarks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from serlab.analysis.load import histogram
from serlab.analysis.load.remarks import crowding
from serlab.analysis.load.summary import knees, stable, summarize
from serlab.records.load import LoadStep, LoadWindow, Outage, StepSpec


def window(calls: int, mean_s: float | None = 0.01) -> LoadWindow:
    return LoadWindow(0.0, 1.0, calls, 0, mean_s)


def step(concurrency: int = 1, *, rate: float = 100.0, mean_s: float = 0.01, **changes: Any) -> LoadStep:
    spec = changes.pop("spec", StepSpec("image", "json", concurrency=concurrency))
    made = LoadStep(
        spec, "rest", 0, calls=300, attempts=300, throughput_per_s=rate, measured_s=3.0, stable=True,
        histogram=histogram.encode(np.full(300, mean_s)), mean_s=mean_s, max_s=mean_s, client_cpu=0.5, busiest_cpu=0.5,
    )  # fmt: skip
    return replace(made, **changes)


def remarks(*rounds: LoadStep) -> str:
    (summary,) = summarize(rounds)
    return "\n".join(summary.remarks)


def test_three_windows_that_agree_are_stable_whatever_came_before() -> None:
    assert stable([window(10), window(100), window(105), window(109)])


@pytest.mark.parametrize(
    "windows",
    [
        [window(100), window(100)],
        [window(100), window(100), window(111)],
        [window(100), window(100), window(100, 0.0112)],
        [window(0, None), window(0, None), window(0, None)],
    ],
    ids=["too few", "throughput differs", "latency differs", "no calls"],
)
def test_other_windows_are_not(windows: list[LoadWindow]) -> None:
    assert not stable(windows)


def test_rounds_give_an_interval_and_one_histogram() -> None:
    rounds = [step(rate=rate, round=number) for number, rate in enumerate((90.0, 100.0, 110.0, 100.0, 95.0))]
    (summary,) = summarize(rounds)
    assert summary.throughput_per_s.median == 100.0
    assert summary.throughput_per_s.low < 100.0 < summary.throughput_per_s.high
    assert summary.throughput_per_s.runs == 5
    assert histogram.count(summary.histogram) == summary.calls == 1500
    assert summary.p99_s == pytest.approx(0.01, rel=1e-3)
    assert summary.p999_s is None


def test_cpu_and_stages_are_per_call() -> None:
    one = step(rate=100.0, client_cpu=0.5, server_cpu=1.0, encode_s=0.001)
    two = step(rate=300.0, client_cpu=0.5, server_cpu=1.0, encode_s=0.003, calls=900, round=1)
    (summary,) = summarize([one, two])
    assert summary.client_cpu_s == pytest.approx(0.5 * 6 / 1200)
    assert summary.server_cpu_s == pytest.approx(1.0 * 6 / 1200)
    assert summary.encode_s == pytest.approx(0.0025)  # 300 calls at 1 ms, 900 at 3 ms


def test_server_cpu_is_not_known_when_one_round_lacks_it() -> None:
    (summary,) = summarize([step(server_cpu=1.0), step(round=1)])
    assert summary.server_cpu_s is None


def test_the_knee_is_where_throughput_by_latency_is_highest() -> None:
    sweep = [step(1, rate=100, mean_s=0.010), step(2, rate=195, mean_s=0.0105), step(4, rate=220, mean_s=0.018)]
    (knee,) = knees(summarize(sweep))
    assert (knee.concurrency, knee.peak_concurrency, knee.peak_per_s) == (2, 4, 220)


def test_one_step_or_an_open_loop_has_no_knee() -> None:
    rates = [step(spec=StepSpec("image", "json", "open", 8, rate_per_s=rate)) for rate in (10.0, 20.0)]
    assert knees(summarize([step(1)])) == ()
    assert knees(summarize(rates)) == ()


def test_a_busy_generator_is_called_the_bottleneck() -> None:
    text = remarks(step(busiest_cpu=0.95))
    assert "the generator is the bottleneck" in text
    assert "95% of a core" in text
    assert "--pre-encode" in text
    ready = StepSpec("image", "json", pre_encoded=True)
    assert "--pre-encode" not in remarks(step(busiest_cpu=0.95, spec=ready))
    assert remarks(step(busiest_cpu=0.89)) == ""


def test_late_calls_are_the_generators_fault_unless_they_were_starved() -> None:
    spec = StepSpec("image", "json", "open", 8, rate_per_s=100.0)
    late = remarks(step(spec=spec, late=10, starved=0))
    assert "the generator is the bottleneck" in late
    assert "3.3% of the calls left late" in late
    starved = remarks(step(spec=spec, late=10, starved=10))
    assert "the generator" not in starved
    assert "does not keep up with 100 per second" in starved
    assert remarks(step(spec=spec, late=3, starved=0)) == ""


def test_errors_are_explained_with_their_share() -> None:
    text = remarks(step(errors={"RESOURCE_EXHAUSTED": 30}), step(errors={"RESOURCE_EXHAUSTED": 30}, round=1))
    assert "60 calls (10.0%) failed with RESOURCE_EXHAUSTED" in text
    assert "--grpc_max_threads" in text


def test_a_large_answer_is_not_taken_for_a_lack_of_threads() -> None:
    message = "Received message larger than max (5 vs. 4)"
    text = remarks(step(errors={"RESOURCE_EXHAUSTED": 3}, messages={"RESOURCE_EXHAUSTED": message}))
    assert "max_receive_message_length" in text
    assert "grpc_max_threads" not in text


def test_a_code_without_an_explanation_shows_the_servers_words() -> None:
    assert "INTERNAL: out of luck" in remarks(step(errors={"INTERNAL": 3}, messages={"INTERNAL": "out of luck"}))


def test_outages_and_failures_are_told() -> None:
    text = remarks(step(outages=(Outage(1.25, 40, 2.5), Outage(9.0, 3, None)), failure="a generator process died"))
    assert "every call failed from 1.25 s on (40 of them); the first call succeeded again 2.50 s later" in text
    assert "none succeeded again" in text
    assert text.startswith("a generator process died")


def test_a_crowded_machine_is_told_with_who_crowds_it() -> None:
    idle = step(machine_cpu=1.0, cores=2, server_cpu=0.4)
    shared = step(machine_cpu=1.99, cores=2, server_cpu=1.4)
    crowded = step(machine_cpu=2.0, cores=2, server_cpu=0.5)
    assert crowding([idle]) == ""
    assert "clients elsewhere would leave it more" in crowding([idle, shared])
    assert "other programs took up to 1.0 of them" in crowding([idle, shared, crowded])
    assert "in 2 of 3 steps" in crowding([idle, shared, crowded])
