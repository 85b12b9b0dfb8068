"""Calls apart: what is done between them is done, and only the call itself is timed."""

from __future__ import annotations

import gc

from serlab.measure.apart import Sweeper, collector, private_cache_bytes, time_apart


class Counting(Sweeper):
    def __init__(self, log: list[str]) -> None:
        super().__init__(64)
        self._log = log

    def sweep(self) -> None:
        super().sweep()
        self._log.append("sweep")


def test_each_call_follows_a_sweep_and_what_comes_before() -> None:
    log: list[str] = []
    times = time_apart(lambda: log.append("call"), 3, Counting(log), before=lambda: log.append("before"))
    assert log == ["sweep", "before", "call"] * 3
    assert len(times) == 3
    assert min(times) > 0


def test_a_sweep_writes_every_line_of_twice_the_size() -> None:
    sweeper = Sweeper(4096)
    before = sweeper._lines.copy()
    sweeper.sweep()
    assert sweeper._lines.nbytes == 2 * 4096
    assert (sweeper._lines[:, 0] != before[:, 0]).all()


def test_a_cores_caches_are_between_a_few_kib_and_some_mib() -> None:
    assert 2**14 <= private_cache_bytes() <= 2**27


def test_the_collector_is_frozen_for_the_block_alone() -> None:
    gc.unfreeze()
    with collector("frozen"):
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
    with collector("as-is"):
        assert gc.get_freeze_count() == 0
