from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from serlab.errors import MeasureError
from serlab.measure.process import tasks
from serlab.measure.process.workers import Workers
from tests.measure.process import worker_tasks


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).resolve().parents[3]}")
    with Workers(["raw"]) as started:
        yield started


def test_every_task_runs_in_a_process_of_its_own_that_nothing_was_done_in_before(workers: Workers) -> None:
    first, second = (workers.call(worker_tasks.identity) for _ in range(2))
    assert first.pid != second.pid
    assert {first.pid, second.pid}.isdisjoint({os.getpid()})
    assert (first.count, second.count) == (1, 1)


def test_arguments_and_result_arrive_as_what_they_were(workers: Workers, tmp_path: Path) -> None:
    sent = worker_tasks.Parcel(tmp_path, (0.1, math.inf, -0.0), {"a": b"\x00\xff"}, worker_tasks.Identity(1, 2))
    assert workers.call(worker_tasks.pass_on, sent, note=None) == (sent, None)
    nothing = worker_tasks.Parcel(tmp_path, (math.nan,), {}, None)
    back, note = workers.call(worker_tasks.pass_on, nothing, note="x")
    assert math.isnan(back.numbers[0])
    assert note == "x"


def test_what_cannot_travel_is_refused_before_anything_is_sent(workers: Workers) -> None:
    with pytest.raises(TypeError, match="object"):
        workers.call(worker_tasks.sleep, object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no function of a module"):
        workers.call(lambda: None)
    with pytest.raises(TypeError, match="missing a required argument"):
        workers.call(worker_tasks.sleep, second=1)  # type: ignore[call-arg]
    assert workers.call(worker_tasks.identity).count == 1


def test_an_argument_of_another_type_than_the_function_says_is_an_error_of_the_call(workers: Workers) -> None:
    with pytest.raises(MeasureError, match="Expected `float`"):
        workers.call(worker_tasks.sleep, "soon")  # type: ignore[arg-type]


def test_a_task_is_no_code(tmp_path: Path) -> None:
    task = tasks.packed(worker_tasks.sleep, (0.5,), {}, "result", "log")
    assert (task.module, task.function) == ("tests.measure.process.worker_tasks", "sleep")
    assert {name: tasks.decode(raw, float) for name, raw in task.arguments.items()} == {"seconds": 0.5}


def test_a_refusal_is_told_in_its_own_words(workers: Workers) -> None:
    with pytest.raises(MeasureError, match=r"^cannot carry this$"):
        workers.call(worker_tasks.refuse)


@pytest.mark.parametrize(
    ("task", "wanted"),
    [("crash", "last words"), ("crash", "RuntimeError: a bug"), ("be_killed", "signal 9"), ("leave_early", "exit 1")],
)
def test_a_worker_that_dies_is_an_error_with_its_last_words_and_the_next_one_works(
    workers: Workers, task: str, wanted: str
) -> None:
    with pytest.raises(MeasureError, match=wanted):
        workers.call(getattr(worker_tasks, task))
    assert workers.call(worker_tasks.identity).count == 1


def test_a_worker_that_hangs_is_ended_and_the_next_one_works(workers: Workers) -> None:
    with pytest.raises(MeasureError, match="no answer within"):
        workers.within(0.3, worker_tasks.sleep, 60)
    assert workers.call(worker_tasks.identity).count == 1


def test_nothing_is_left_running() -> None:
    others = set(psutil.Process().children(recursive=True))
    with Workers(["raw"]):
        children = set(psutil.Process().children(recursive=True)) - others
        assert children
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive


def warm_process() -> psutil.Process:
    """The warm process started last: other tests of this process may have one of their own."""
    found = [child for child in psutil.Process().children() if is_warm(child)]
    return max(found, key=lambda child: (child.create_time(), child.pid))


def is_warm(child: psutil.Process) -> bool:
    return child.status() != psutil.STATUS_ZOMBIE and "serlab.measure.process.warm" in child.cmdline()


def test_a_warm_process_that_was_killed_is_started_again(workers: Workers) -> None:
    warm = warm_process()
    warm.kill()
    warm.wait(10)
    assert workers.call(worker_tasks.identity).count == 1


def test_a_warm_process_that_is_killed_during_a_task_takes_the_worker_with_it(workers: Workers) -> None:
    warm = warm_process()
    tasks: list[psutil.Process] = []

    def kill() -> None:
        tasks.extend(warm.children())
        warm.kill()

    threading.Timer(0.5, kill).start()
    with pytest.raises(MeasureError, match="ended unexpectedly"):
        workers.call(worker_tasks.sleep, 60)
    assert tasks
    assert not psutil.wait_procs(tasks, timeout=5)[1]


def test_a_codec_that_cannot_be_loaded_is_told_at_the_start() -> None:
    with pytest.raises(MeasureError, match="unknown codec 'frob'"), Workers(["frob"]):
        pytest.fail("the warm process must not start")


def test_what_was_measured_is_kept_though_a_signal_comes_before_it_is(workers: Workers) -> None:
    kept: list[worker_tasks.Identity] = []

    def keep(found: worker_tasks.Identity) -> None:
        signal.raise_signal(signal.SIGINT)
        kept.append(found)

    with pytest.raises(KeyboardInterrupt):
        workers.keeping(keep, worker_tasks.identity)
    assert [found.count for found in kept] == [1]
    assert workers.call(worker_tasks.identity).count == 1


def test_a_signal_ends_the_wait_for_an_answer(workers: Workers) -> None:
    with pytest.raises(KeyboardInterrupt):
        workers.keeping(pytest.fail, worker_tasks.signal_and_sleep, os.getpid(), int(signal.SIGINT), 600.0)


def test_a_signal_that_unwinds_nothing_does_not_end_the_wait(workers: Workers) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _: heard.append(number))
    try:
        kept: list[str] = []
        workers.keeping(kept.append, worker_tasks.signal_and_sleep, os.getpid(), int(signal.SIGHUP), 0.3)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (kept, heard) == (["measured"], [signal.SIGHUP])


def test_what_fails_is_told_and_not_kept(workers: Workers) -> None:
    kept: list[None] = []
    with pytest.raises(MeasureError, match="cannot carry this"):
        workers.keeping(kept.append, worker_tasks.refuse)
    assert kept == []
