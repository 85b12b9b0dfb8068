"""Steps of load in processes of their own, against a server that can misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psutil
import pytest

from serlab.analysis.load import histogram
from serlab.analysis.load.summary import summarize
from serlab.measure.load.sweep import load_step
from serlab.measure.process.workers import Workers
from serlab.payload import DEFAULT_SEED
from serlab.records.load import LoadStep, StepLimits, StepSpec

PAYLOAD = "1x16:float32"
READY_REST = StepSpec(PAYLOAD, "orjson", concurrency=4, processes=2, pre_encoded=True)
REST = StepSpec(PAYLOAD, "orjson", concurrency=4, processes=2)
GRPC = StepSpec(PAYLOAD, "wire", concurrency=4, processes=2)

#: What the fixture ``brief`` measures.
MEASURED_S = 0.45

Run = Callable[..., LoadStep]


@pytest.fixture
def run(workers: Workers, brief: StepLimits) -> Run:
    def run_one(server: Any, spec: StepSpec, *, timeout_s: float = 5.0, limits: StepLimits = brief) -> LoadStep:
        return load_step(workers, server.target(timeout_s), spec, limits=limits, seed=DEFAULT_SEED)

    return run_one


@pytest.mark.parametrize("spec", [READY_REST, REST, GRPC, replace(GRPC, pre_encoded=True)], ids=lambda spec: spec.id)
def test_a_closed_loop_counts_every_call_once(start_server: Any, run: Run, spec: StepSpec) -> None:
    server = start_server()
    step = run(server, spec)
    assert not step.failure
    assert step.calls > 10
    assert histogram.count(step.histogram) == step.calls
    # The server also answered the first call and the warm-up's; of those in flight when either ends, clients count
    # the ones they were due in.
    assert step.calls <= step.attempts <= server.behaviour.answered
    assert step.errors == {}
    assert step.exactness is not None
    assert step.exactness.exact
    assert step.request_bytes > 64
    assert step.response_bytes > 64
    assert len(step.windows) == 3
    assert step.throughput_per_s == pytest.approx(sum(window.calls for window in step.windows) / MEASURED_S)


def test_calls_that_outlast_the_windows_are_no_throughput_of_nothing(start_server: Any, run: Run) -> None:
    step = run(start_server(delay_s=1.5), REST)
    assert (step.calls, step.errors) == (0, {})
    assert "give a longer --window" in step.failure


def test_the_stages_of_a_call_are_told_apart_unless_bodies_are_ready(start_server: Any, run: Run) -> None:
    server = start_server(delay_s=0.01)
    staged, ready = run(server, REST), run(server, READY_REST)
    assert staged.mean_s is not None
    assert staged.encode_s is not None
    assert staged.exchange_s is not None
    assert staged.decode_s is not None
    assert staged.exchange_s >= 0.01
    assert staged.encode_s + staged.decode_s > 0
    assert staged.encode_s + staged.exchange_s + staged.decode_s <= staged.mean_s
    assert (ready.encode_s, ready.exchange_s, ready.decode_s) == (None, None, None)
    assert ready.mean_s is not None
    assert ready.mean_s >= 0.01


@pytest.mark.parametrize("spec", [READY_REST, REST], ids=lambda spec: spec.id)
def test_calls_share_the_connections_they_are_given(start_server: Any, run: Run, spec: StepSpec) -> None:
    server = start_server(delay_s=0.01)
    alone = run(server, replace(spec, connections=1, processes=1))
    assert alone.calls > 1
    assert server.behaviour.connections == 2  # the first call has one of its own
    assert server.behaviour.most_running == 1
    run(server, spec)
    assert server.behaviour.connections == 2 + 1 + 4
    assert 2 <= server.behaviour.most_running <= 4


def test_grpc_calls_on_one_connection_are_in_flight_together(start_server: Any, run: Run) -> None:
    server = start_server(delay_s=0.02)
    assert run(server, replace(GRPC, connections=1, processes=1)).calls > 4
    assert server.behaviour.most_running == 4


@pytest.mark.parametrize("pre_encoded", [False, True])
def test_an_open_loop_sends_the_calls_that_are_due(start_server: Any, run: Run, pre_encoded: bool) -> None:
    server = start_server()
    spec = replace(REST, loop="open", rate_per_s=120.0, arrivals="constant", pre_encoded=pre_encoded, concurrency=16)
    step = run(server, spec)
    assert step.errors == {}
    # Those that were due at the end are sent or not, as the machine has time.
    assert step.calls + step.unsent == pytest.approx(120 * MEASURED_S, abs=2)
    assert step.calls > 0


@pytest.mark.parametrize("pre_encoded", [False, True])
def test_an_open_loop_measures_from_the_intended_time(start_server: Any, run: Run, pre_encoded: bool) -> None:
    server = start_server(delay_s=0.05)
    # Two connections carry 40 calls per second of the 100 that are due.
    spec = StepSpec(PAYLOAD, "orjson", "open", 2, rate_per_s=100.0, arrivals="constant", pre_encoded=pre_encoded)
    step = run(server, spec)
    assert step.late > 0
    assert step.starved > 0
    assert step.unsent > 5
    assert step.mean_s is not None
    assert step.mean_s > 0.1  # a closed loop would call it 0.05
    (summary,) = summarize([step])
    assert any("does not keep up with 100 per second" in remark for remark in summary.remarks)


@pytest.mark.parametrize("pre_encoded", [False, True])
def test_a_rate_the_machine_cannot_send_is_said_so(start_server: Any, run: Run, pre_encoded: bool) -> None:
    server = start_server()
    spec = replace(REST, loop="open", rate_per_s=1e6, pre_encoded=pre_encoded, processes=1)
    step = run(server, spec)
    assert step.unsent > 50_000
    assert step.calls < 450_000
    (summary,) = summarize([step])
    assert any("had not been sent" in remark for remark in summary.remarks)


@pytest.mark.parametrize(("spec", "code"), [(READY_REST, "503"), (REST, "503"), (GRPC, "INTERNAL")])
def test_half_the_calls_failing_are_counted_by_code(start_server: Any, run: Run, spec: StepSpec, code: str) -> None:
    step = run(start_server(every_second_fails=True), spec)
    assert set(step.errors) == {code}
    assert step.errors[code] / step.attempts == pytest.approx(0.5, abs=0.1)
    assert step.calls > 0
    assert step.messages[code]
    assert step.outages == ()  # a server that answers with errors is there


@pytest.mark.parametrize(("spec", "code"), [(READY_REST, "TIMEOUT"), (REST, "TIMEOUT"), (GRPC, "DEADLINE_EXCEEDED")])
def test_a_server_that_never_answers_costs_no_more_than_the_time_limit(
    start_server: Any, run: Run, spec: StepSpec, code: str
) -> None:
    step = run(start_server(silent=True), spec, timeout_s=0.3)
    assert step.calls == 0
    assert step.throughput_per_s == 0
    assert set(step.errors) == {code}
    assert step.errors[code] == step.attempts >= 4
    assert step.failure == ""
    assert step.histogram == ""


@pytest.mark.parametrize("spec", [READY_REST, GRPC])
def test_no_server_at_all_is_a_failure_in_words(start_server: Any, run: Run, spec: StepSpec) -> None:
    server = start_server()
    server.stop()
    step = run(server, spec)
    assert step.failure
    assert step.attempts == 0


@pytest.mark.parametrize("spec", [READY_REST, GRPC], ids=lambda spec: spec.id)
def test_a_restart_of_the_server_is_counted_and_timed(start_server: Any, run: Run, spec: StepSpec) -> None:
    server = start_server()
    # Six windows at least, and on until the last ones agree: a busy machine has time to come back.
    limits = StepLimits(warmup_s=0.1, window_s=0.4, min_windows=6, max_windows=40)

    def restart() -> None:
        server.behaviour.await_calls(50)
        server.restart(away_s=0.5)

    thread = threading.Thread(target=restart)
    thread.start()
    step = run(server, spec, limits=limits)
    thread.join()
    assert step.failure == ""
    assert sum(step.errors.values()) >= 4
    assert len(step.outages) == 1
    outage = step.outages[0]
    assert outage.recovery_s is not None
    assert outage.recovery_s > 0.3
    assert outage.failed >= 2
    assert step.windows[-1].calls > 0
    (summary,) = summarize([step])
    assert any("succeeded again" in remark for remark in summary.remarks)


def test_calls_beyond_the_servers_threads_are_explained(start_server: Any, run: Run) -> None:
    step = run(start_server(most_at_once=2, delay_s=0.01), replace(GRPC, concurrency=8))
    assert set(step.errors) == {"RESOURCE_EXHAUSTED"}
    assert step.calls > 0
    (summary,) = summarize([step])
    assert any("--grpc_max_threads" in remark for remark in summary.remarks)


def test_what_a_dead_generator_had_reported_is_kept(start_server: Any, run: Run, workers: Workers) -> None:
    server = start_server()
    limits = StepLimits(warmup_s=0.1, window_s=0.2, min_windows=10, max_windows=10)
    killed: list[int] = []

    def kill_one_generator() -> None:
        server.behaviour.await_calls(100)
        # The generators are the leaves below the process that forks the workers' tasks.
        warm = [child for child in psutil.Process().children() if "serlab.measure.process.warm" in child.cmdline()]
        tasks = [task for process in warm for task in process.children()]
        generators = [generator for task in tasks for generator in task.children()]
        killed.append(generators[0].pid)
        generators[0].kill()

    thread = threading.Thread(target=kill_one_generator)
    thread.start()
    step = run(server, READY_REST, limits=limits)
    thread.join()
    assert killed
    assert "a generator process died" in step.failure
    assert step.calls > 0
    assert step.windows[-1].calls > 0  # the other one went on
