from __future__ import annotations

from pathlib import Path

import pytest

from serlab.measure import chunks
from serlab.measure.apart import Apart
from serlab.measure.calls import Subject
from serlab.measure.chunks import Chunks, Slowed, time_chunks
from serlab.measure.plan import find_profile
from serlab.measure.process.workers import Workers
from serlab.measure.timing import Timing, pyperf_file
from serlab.records.run import OPS, Case
from serlab.records.store import RunFolder

CASE, SUBJECT = Case("vector-1k", "raw", "encode"), Subject("vector-1k", 1)


class FakeTimer:
    """Stands in for a timed case whose calls take as long as it is told."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.asked = seconds, list[int]()

    def __call__(self, *_: object, **__: object) -> FakeTimer | float:
        if len(_) == 2:
            return self
        (loops,) = _
        assert isinstance(loops, int)
        self.asked.append(loops)
        return loops * self.seconds

    def apart(self, run_s: float, _round_number: int) -> Apart:
        assert run_s == 0.005
        return Apart(2 * self.seconds, 7 * self.seconds)


def test_loops_are_chosen_so_that_a_chunk_takes_what_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "TimedCase", FakeTimer(0.001))
    found = time_chunks(CASE, SUBJECT, loops=0, chunk_s=0.005, run_s=0.0)
    assert found.apart.step_s == 0.0
    assert found.loops == 5
    assert found.values_s == pytest.approx((0.001,) * chunks.MIN_CHUNKS)
    assert [count for count, _ in found.warmups_s] == [1, 1, 1, 1, 5]
    assert found.timed_s == pytest.approx(0.001 * (9 + 5 * chunks.MIN_CHUNKS))


def test_apart_is_timed_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "TimedCase", FakeTimer(0.001))
    found = time_chunks(CASE, SUBJECT, loops=1, chunk_s=0.005, run_s=0.005, apart=3)
    assert found.apart.step_s == 0.002
    assert found.timed_s == pytest.approx(0.001 * (2 + len(found.values_s) + 7))


def test_a_dear_call_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    timer = FakeTimer(2.0)
    monkeypatch.setattr(chunks, "TimedCase", timer)
    assert time_chunks(CASE, SUBJECT, loops=0, chunk_s=0.005, run_s=1.0) == Chunks(1, (2.0,))
    assert timer.asked == [1]


def test_a_slowdown_is_a_share_of_each_calls_own_time() -> None:
    from serlab.codecs import registry

    exchange = SUBJECT.exchange("raw")
    ticks = iter([0.0, 1.0, 1.05, 1.11])
    slowed = Slowed(0.1)(registry.get("raw"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serlab.measure.chunks.time.perf_counter", lambda: next(ticks))
        slowed.encode(exchange.tensors, exchange.call)
    assert next(ticks, None) is None


def test_every_process_is_a_run_of_pyperfs_with_the_parts_of_its_case(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    timing = Timing(folder, find_profile("smoke"))
    with Workers(["raw"]) as workers:
        first = timing.run(workers, CASE, SUBJECT, 0, "light")
        second = timing.run(workers, CASE, SUBJECT, 5, "light")
    assert folder.read_runs() == (first, second)
    assert (first.loops, second.round, second.client) == (second.loops, 5, "light")
    (document,) = folder.read_suites().values()
    assert document.metadata["name"] == "encode/vector-1k/raw"
    assert document.metadata["serlab_codec"] == "raw"
    assert "serlab_form" not in document.metadata


def test_what_is_timed_apart_is_kept_with_the_run(tmp_path: Path) -> None:
    for op in OPS:
        case = Case("vector-1k", "orjson", op)
        found = time_chunks(case, Subject("vector-1k", 1), loops=20, chunk_s=0.001, run_s=0.005, apart=3)
        assert found.apart.timed_s > found.apart.step_s > 0
        folder = RunFolder(tmp_path / "m" / "r")
        folder.add_timed(op, pyperf_file(case, 1, 3, "light", found))
        (kept,) = [run for run in folder.read_runs() if run.case == case]
        assert (kept.apart_s, kept.round, kept.client) == (found.apart.step_s, 3, "light")
        assert kept.timed_s == pytest.approx(found.timed_s)
