"""What a comparison tells when a signal ends it in the middle."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from serlab.errors import EXIT_SIGNALLED
from serlab.measure.chunks import Chunks
from serlab.measure.compare import contest, sides
from serlab.measure.compare.contest import Contender
from serlab.measure.compare.offered import Offer, OfferedCodec
from serlab.measure.compare.sides import SideBySide, Wanted
from serlab.measure.plan import find_profile
from serlab.records.comparison import Comparison
from serlab.records.run import Case

ROUNDS = 9
#: A process for each side of both ops, once a round.
PER_ROUND = 4
TERMINATED = EXIT_SIGNALLED + signal.SIGTERM


class Forks:
    """HEAD's encode takes a fifth more. ``last`` is the call in which ``error`` is raised."""

    calls: ClassVar[int] = 0
    last: ClassVar[int] = -1
    error: ClassVar[BaseException] = KeyboardInterrupt()

    def __init__(self, *_: object, python: str = "", number: int = 0, **__: object) -> None:
        self._python, self._number = python, number

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def of(self, _codec: str) -> Forks:
        return self

    def keeping(self, keep: Any, _function: object, case: Case, *_: object, **__: Any) -> Chunks:
        if Forks.calls == Forks.last:
            raise Forks.error
        Forks.calls += 1
        slower = 1.2 if (self._python, case.op) == ("head", "encode") else 1.0
        keep(chunks := Chunks(1, (slower * (1 + 0.001 * ((7 * self._number + Forks.calls) % 5)),)))
        return chunks


def compare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, last: int, error: BaseException) -> Comparison:
    offered = Offer({"mine": OfferedCodec((None,), "light")}, {}, "3")
    monkeypatch.setattr(contest, "Parents", Forks)
    monkeypatch.setattr(SideBySide, "_ask", lambda *_: offered)
    monkeypatch.setattr(SideBySide, "_gates", lambda _self, _kinds, _subjects, cases: cases)
    monkeypatch.setattr(Forks, "calls", 0)
    monkeypatch.setattr(Forks, "last", last)
    monkeypatch.setattr(Forks, "error", error)
    wanted = Wanted(("vector-1k",), ("mine",), find_profile("smoke"), 1, ROUNDS, budget_s=0.0, memory=False)
    side_by_side = SideBySide(Contender("base", "base"), Contender("head", "head"), wanted, tmp_path)
    return side_by_side.run(side_by_side.ask())


def test_a_difference_is_called_once_it_was_measured_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = compare(monkeypatch, tmp_path, -1, KeyboardInterrupt())
    assert {entry.case.op: entry.verdict for entry in found.cases} == {"encode": "slower", "decode": "the same"}
    assert (found.interrupted, found.rounds) == (0, ROUNDS)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(TERMINATED)], ids=["int", "term"])
@pytest.mark.parametrize(
    ("last", "rounds", "verdict"),
    [
        (0, 0, None),
        (PER_ROUND + 1, 1, "no verdict"),
        (7 * PER_ROUND, 7, "no verdict"),
        (ROUNDS * PER_ROUND + 3, ROUNDS, "no verdict"),
        (ROUNDS * PER_ROUND + 15, ROUNDS, "slower"),
    ],
    ids=["first", "second round", "seventh round", "again, begun", "again, enough"],
)
def test_a_signal_leaves_what_was_measured_and_calls_nothing_that_was_not_measured_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, last: int, rounds: int, verdict: str | None
) -> None:
    found = compare(monkeypatch, tmp_path, last, error)
    assert found.interrupted == (signal.SIGTERM if isinstance(error, SystemExit) else signal.SIGINT)
    assert any(f"interrupted after {rounds} of {ROUNDS} rounds" in note for note in found.notes)
    assert {entry.case.op: entry.verdict for entry in found.cases}.get("encode") == verdict
    unsure = any("not measured again often enough" in note for note in found.notes)
    assert unsure == (verdict == "no verdict" and rounds >= 6)


def test_a_signal_while_correctness_is_looked_at_leaves_a_comparison_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sides, "compare_gates", interrupted)
    monkeypatch.setattr(SideBySide, "_ask", lambda *_: Offer({"mine": OfferedCodec((None,), "light")}, {}, "3"))
    monkeypatch.setattr(sides, "Parents", Forks)
    wanted = Wanted((), ("mine",), find_profile("smoke"), 1, ROUNDS, budget_s=0.0)
    side_by_side = SideBySide(Contender("base"), Contender("head"), wanted, tmp_path)
    found = side_by_side.run(side_by_side.ask())
    assert (found.interrupted, found.cases) == (signal.SIGINT, ())


def test_any_other_end_of_the_process_is_not_taken_for_a_signal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):
        compare(monkeypatch, tmp_path, 0, SystemExit(2))
