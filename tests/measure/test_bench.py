"""Whole runs: what is measured, what is kept when something dies, and how they go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from serlab.errors import MeasureError
from serlab.lab.bench import make_plan, new_run
from serlab.lab.live_target import open_endpoint
from serlab.measure import allocation, gate
from serlab.measure.bench import Bench
from serlab.measure.chunks import MIN_CHUNKS
from serlab.measure.process.workers import Workers
from serlab.measure.rounds import server_gone
from serlab.measure.target import Target
from serlab.records.run import Endpoint
from serlab.records.store import RunFolder, list_runs
from serlab.serving.base import ServingOptions
from serlab.transports.base import TransportOptions


class Listening:
    """Collects what it hears, and acts on a step."""

    def __init__(self, on_step: Callable[[str], None] = lambda title: None) -> None:
        self.phases: list[str] = []
        self.steps: list[str] = []
        self.remarks: list[str] = []
        self.left_s: list[float] = []
        self.announced: list[int | None] = []
        self.taken: list[int] = []
        self._on_step = on_step

    def outlook(self, left_s: float, then: str = "") -> None:
        self.left_s.append(left_s)

    def phase(self, title: str, steps: int | None) -> None:
        self.phases.append(title)
        self.announced.append(steps)
        self.taken.append(0)

    def step(self, title: str) -> None:
        self.steps.append(title)
        self.taken[-1] += 1
        self._on_step(title)

    def remark(self, text: str) -> None:
        self.remarks.append(text)


@pytest.fixture(autouse=True)
def one_process_per_case_and_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "MOST_PROCESSES", 1)


def plan_for(*codecs: str, payload: str = "vector-1k", **options: Any) -> Any:
    plan = make_plan("smoke", (payload,), codecs, flamegraphs="none", **options)
    return replace(plan, max_rounds=options.get("rounds", 2))


def test_a_run_measures_every_case_in_every_round_and_every_call(live_target: Target, tmp_path: Path) -> None:
    plan = plan_for("orjson", "base64")
    folder = new_run(tmp_path, plan)
    listener = Listening()
    info = Bench(folder, plan, live_target, listener).run()
    data = RunFolder(folder.path).read()
    counted = Counter((run.case.id, run.round) for run in data.runs)
    assert set(counted.values()) == {1}
    assert len(counted) == 2 * 6, info.missing
    assert Counter((run.codec, run.round) for run in data.endtoend) == Counter(
        [(codec, number) for codec in ("orjson", "base64") for number in (0, 1)]
    )
    for run in data.endtoend:
        assert run.exactness is not None
        assert run.exactness.exact
        assert run.server_cpu_s is not None
        assert run.server_peak_rss_bytes is not None
        assert run.server_peak_rss_bytes > 10**7
    assert {profile.case.codec for profile in data.memory} == {"orjson", "base64", "raw"}
    assert all((folder.path / profile.capture).exists() for profile in data.memory)
    assert info.missing == ()
    assert info.finished
    assert 0 < info.timed_s < info.wall_s
    assert listener.phases == ["correctness", "memory", "round 1", "round 2"]
    assert (folder.path / "correlation.json").exists()


def test_a_process_that_dies_in_the_gate_is_a_failure_of_its_case_and_the_others_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(workers: Workers, function: Callable[..., object], *args: object, **kwargs: object) -> object:
        if function is gate.check and args[1] == "orjson":
            raise MeasureError("the worker for check died (killed by signal 11)")
        return whole(workers, function, *args, **kwargs)

    whole = Workers.call
    monkeypatch.setattr(Workers, "call", call)
    plan = plan_for("orjson", "base64", parts=("time",), rounds=1)
    listener = Listening()
    info = Bench(folder := new_run(tmp_path, plan), plan, None, listener).run()
    assert {gate.codec for gate in info.gates if gate.exactness.failure} == {"orjson"}
    assert {run.case.codec for run in folder.read_runs()} == {"base64", "raw"}
    assert any("signal 11" in remark for remark in listener.remarks)
    assert any("orjson" in text and "signal 11" in text for text in info.missing)


def test_rounds_differ_in_order_and_the_seed_gives_the_same_orders_again(tmp_path: Path) -> None:
    orders = []
    for _ in range(2):
        plan = plan_for("orjson", "base64", parts=("time",))
        listener = Listening()
        Bench(new_run(tmp_path, plan), plan, None, listener).run()
        steps = [step for step in listener.steps if step.startswith(("encode/", "decode/"))]
        orders.append((steps[:6], steps[6:]))
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1]
    assert set(orders[0][0]) == set(orders[0][1])


def test_a_round_has_parents_of_its_own_and_each_codec_its_kind_of_client(tmp_path: Path) -> None:
    plan = plan_for("orjson", parts=("time",), rounds=2)
    folder = new_run(tmp_path, plan)
    Bench(folder, plan).run()
    runs = folder.read_runs()
    assert {run.client for run in runs} == {"light"}
    assert all(len(run.values_s) >= MIN_CHUNKS for run in runs)
    assert len({(run.case, run.loops) for run in runs}) == len({run.case for run in runs})


def test_pyperf_reads_what_was_timed_and_shows_a_run_per_process(tmp_path: Path) -> None:
    import pyperf

    plan = plan_for("orjson", parts=("time",), rounds=3)
    folder = new_run(tmp_path, plan)
    Bench(folder, plan).run()
    path = str(folder.path / "time" / "encode.json")
    for benchmark in pyperf.BenchmarkSuite.load(path).get_benchmarks():
        assert benchmark.get_nrun() == 3
        assert benchmark.get_metadata()["serlab_client"] == "light"
    shown = subprocess.run([sys.executable, "-m", "pyperf", "show", path], check=True, capture_output=True, text=True)
    assert "encode/vector-1k/orjson" in shown.stdout


def test_more_processes_go_where_they_narrow_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "MOST_PROCESSES", 3)
    plan = replace(plan_for("orjson", parts=("time",), rounds=1), resolve=1e-9)
    folder = new_run(tmp_path, plan)
    listener = Listening()
    info = Bench(folder, plan, None, listener).run()
    assert set(Counter(run.case for run in folder.read_runs()).values()) == {3}
    assert info.rounds == 1
    # Every phase says what the whole run still takes, and none has more steps than it announced.
    assert listener.phases[-2:] == ["round 1", "round 1, more processes"]
    assert len(listener.left_s) == len(listener.phases)
    assert all(0 <= left <= plan.budget for left in listener.left_s)
    assert all(n is None or taken <= n for n, taken in zip(listener.announced, listener.taken, strict=True))


def test_a_run_that_cannot_tell_what_was_asked_of_it_says_so(tmp_path: Path) -> None:
    plan = replace(plan_for("orjson", parts=("time",), rounds=1), resolve=0.03)
    listener = Listening()
    info = Bench(new_run(tmp_path, plan), plan, None, listener).run()
    assert any("cannot tell a difference of 3 %" in text for text in info.missing)
    assert listener.remarks


def test_a_budget_ends_the_run_after_whole_rounds(tmp_path: Path) -> None:
    plan = make_plan("standard", ("vector-1k",), ("raw",), parts=("time",), budget_s=0.5)
    folder = new_run(tmp_path, plan)
    info = Bench(folder, plan).run()
    counted = Counter(run.round for run in folder.read_runs())
    assert len(set(counted.values())) == 1
    assert info.rounds == len(counted) < 20


def test_a_server_that_dies_leaves_what_was_measured_and_names_what_lacks_calls(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    plan = plan_for("orjson", "base64", parts=("time", "endtoend"))
    folder = new_run(tmp_path, plan)
    with open_endpoint(ServingOptions()) as endpoint:
        calls: Counter[str] = Counter()

        def kill_at_the_second_client(title: str) -> None:
            calls[title.split("/")[0]] += 1
            if calls["calls"] == 2 and psutil.pid_exists(endpoint.pid or 0):
                os.kill(endpoint.pid or 0, signal.SIGKILL)

        listener = Listening(kill_at_the_second_client)
        info = Bench(folder, plan, Target(endpoint, TransportOptions()), listener).run()
    data = folder.read()
    assert len([run for run in data.endtoend if run.calls]) == 1
    assert Counter(run.round for run in data.runs) == {0: 6, 1: 6}
    assert info.missing
    assert all("server went away" in text for text in info.missing)
    assert any("the server is gone" in remark for remark in listener.remarks)


def test_a_payload_the_server_refuses_is_called_once_and_said(live_target: Target, tmp_path: Path) -> None:
    plan = plan_for("orjson", payload="2x3:float16", parts=("endtoend",))
    folder = new_run(tmp_path, plan)
    info = Bench(folder, plan, live_target).run()
    (run,) = folder.read_endtoend()
    assert run.calls == ()
    assert run.error_code in {"400", "501"}
    assert info.missing == (f"calls/2x3:float16/orjson: {run.error}",)
    assert info.finished, "another try would be answered alike"


def test_a_codec_that_cannot_carry_the_payload_is_failed_and_never_timed(tmp_path: Path) -> None:
    plan = plan_for("orjson", payload="2x22:float32:edge", parts=("time",), rounds=1)
    folder = new_run(tmp_path, plan)
    listener = Listening()
    info = Bench(folder, plan, None, listener).run()
    assert {run.case.codec for run in folder.read_runs()} == {"raw"}
    assert any("orjson cannot carry" in text for text in info.missing)
    assert any("orjson cannot carry" in remark for remark in listener.remarks)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    plan = plan_for("orjson", parts=("time",))
    folder = new_run(tmp_path, plan)

    def stop(title: str) -> None:
        if len(folder.read_runs()) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Bench(folder, plan, None, Listening(stop)).run()
    assert not folder.read_info().finished
    kept = RunFolder(folder.path).read_runs()
    assert len(kept) == 5
    again = RunFolder(folder.path)
    info = Bench(again, plan).run()
    assert info.finished
    runs = again.read_runs()
    assert set(kept) <= set(runs)
    assert Counter((run.case.id, run.round) for run in runs) == Counter(
        {(case, number): 1 for case in {run.case.id for run in runs} for number in (0, 1)}
    )


def test_ctrl_c_keeps_what_was_measured_leaves_no_process_and_says_how_to_go_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "serlab", "time", "--profile", "smoke", "--rounds", "6", "--payload", "vector-1k",
               "--codec", "raw,orjson", "--results", str(tmp_path), "--quiet"]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell's background has its children ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(tmp_path.glob("*/*/time/encode.jsonl")):
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "--resume" in errors
    assert "Traceback" not in errors
    assert children
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    (run,) = list_runs(tmp_path)
    assert run.read_runs()
    resumed = [sys.executable, "-m", "serlab", "time", "--resume", "--results", str(tmp_path), "--quiet"]
    done = subprocess.run(resumed, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    (run,) = list_runs(tmp_path)
    assert run.read_info().finished


def test_a_server_is_gone_when_its_process_is_or_when_nothing_answers() -> None:
    here = Endpoint("embedded", "1", "127.0.0.1:1", "", pid=os.getpid())
    assert not server_gone(here)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert server_gone(replace(here, pid=gone.pid))
    assert server_gone(replace(here, pid=None), connect=lambda address: False)
    assert not server_gone(replace(here, pid=None), connect=lambda address: True)
