from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from serlab.errors import MeasureError
from serlab.measure.process.parents import Parents
from serlab.measure.process.side_by_side import side_by_side
from serlab.measure.process.workers import Workers

ITEMS = [("tensor-proto", 1), ("raw", 2), ("raw", 3), ("tensor-proto", 4)]


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads in which parents were started; none really is."""
    found: list[str] = []
    monkeypatch.setattr(Workers, "start", lambda _self: found.append(threading.current_thread().name))
    return found


def done(items: list[tuple[str, int]], work: Callable[[Workers, tuple[str, int]], int]) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    side_by_side(parents(), items, codec_of, work, lambda item, value: found.append((item, value)))
    return found


def parents() -> Parents:
    return Parents(["raw", "tensor-proto"], seed=1, number=0)


def test_parents_are_started_where_they_outlive_the_work(started: list[str]) -> None:
    assert len(done(ITEMS, lambda _workers, item: item[1])) == 4
    assert started == [threading.current_thread().name] * 2


def codec_of(item: tuple[str, int]) -> str:
    return item[0]


def test_every_kind_does_its_own_in_order_and_beside_the_others() -> None:
    meeting = threading.Barrier(2, timeout=20)

    def work(_workers: Workers, item: tuple[str, int]) -> int:
        if item[1] < 3:
            meeting.wait()  # ends only if both kinds are at it together
        return 10 * item[1]

    found = done(ITEMS, work)
    assert sorted(value for _, value in found if isinstance(value, int)) == [10, 20, 30, 40]
    assert [item for item, _ in found if item[0] == "raw"] == [("raw", 2), ("raw", 3)]


def test_what_fails_is_told_in_its_place_and_the_rest_goes_on() -> None:
    def work(_workers: Workers, item: tuple[str, int]) -> int:
        if item[1] == 2:
            raise MeasureError("died")
        return item[1]

    found = dict(done(ITEMS, work))
    assert isinstance(found["raw", 2], MeasureError)
    assert found["raw", 3] == 3


def test_a_bug_is_raised_and_nothing_hangs() -> None:
    def work(_workers: Workers, _item: tuple[str, int]) -> int:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        done(ITEMS, work)


def test_a_signal_waits_until_what_has_ended_is_taken() -> None:
    taken: list[int] = []

    def take(item: tuple[str, int], _found: object) -> None:
        if item[1] == 1:
            signal.raise_signal(signal.SIGINT)
        taken.append(item[1])

    with pytest.raises(KeyboardInterrupt):
        side_by_side(parents(), ITEMS, codec_of, lambda _workers, item: item[1], take)
    assert 1 in taken


def test_after_an_interruption_what_was_under_way_is_taken_and_nothing_else_begins() -> None:
    begun: list[int] = []
    taken: list[int] = []
    interrupted = threading.Event()

    def work(_workers: Workers, item: tuple[str, int]) -> int:
        begun.append(item[1])
        if item[0] == "tensor-proto":
            interrupted.wait(20)
        return item[1]

    def take(item: tuple[str, int], _found: object) -> None:
        taken.append(item[1])
        if not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt

    many = [("tensor-proto", 1000), *(("raw", number) for number in range(1000))]
    with pytest.raises(KeyboardInterrupt):
        side_by_side(parents(), many, codec_of, work, take)
    assert sorted(taken) == sorted(begun)
    assert 1000 in taken
    assert done([], work) == []
