from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from serlab.errors import MeasureError
from serlab.measure.process.workers import Workers


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    with Workers(["raw"]) as started:
        yield started


def test_every_task_runs_in_a_process_of_its_own_that_nothing_was_done_in_before(workers: Workers) -> None:
    first, second = (workers.run("worker_tasks:identity", {}) for _ in range(2))
    assert first["pid"] != second["pid"]
    assert {first["pid"], second["pid"]}.isdisjoint({os.getpid()})
    assert (first["count"], second["count"]) == (1, 1)


def test_a_refusal_is_told_in_its_own_words(workers: Workers) -> None:
    with pytest.raises(MeasureError, match=r"^cannot carry this$"):
        workers.run("worker_tasks:refuse", {})


@pytest.mark.parametrize(
    ("task", "wanted"),
    [("crash", "last words"), ("crash", "RuntimeError: a bug"), ("be_killed", "signal 9"), ("leave_early", "exit 1")],
)
def test_a_worker_that_dies_is_an_error_with_its_last_words_and_the_next_one_works(
    workers: Workers, task: str, wanted: str
) -> None:
    with pytest.raises(MeasureError, match=wanted):
        workers.run(f"worker_tasks:{task}", {})
    assert workers.run("worker_tasks:identity", {})["count"] == 1


def test_a_worker_that_hangs_is_ended_and_the_next_one_works(workers: Workers) -> None:
    with pytest.raises(MeasureError, match="no answer within"):
        workers.run("worker_tasks:sleep", {"seconds": 60}, timeout_s=0.3)
    assert workers.run("worker_tasks:identity", {})["count"] == 1


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
    assert workers.run("worker_tasks:identity", {})["count"] == 1


def test_a_warm_process_that_is_killed_during_a_task_takes_the_worker_with_it(workers: Workers) -> None:
    warm = warm_process()
    tasks: list[psutil.Process] = []

    def kill() -> None:
        tasks.extend(warm.children())
        warm.kill()

    threading.Timer(0.5, kill).start()
    with pytest.raises(MeasureError, match="ended unexpectedly"):
        workers.run("worker_tasks:sleep", {"seconds": 60})
    assert tasks
    assert not psutil.wait_procs(tasks, timeout=5)[1]


def test_a_codec_that_cannot_be_loaded_is_told_at_the_start() -> None:
    with pytest.raises(MeasureError, match="unknown codec 'frob'"), Workers(["frob"]):
        pytest.fail("the warm process must not start")
