"""A comparison of two runs, or of two environments: a verdict per case on time, and what is compared exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from serlab.records.run import Case, Interval

Verdict = Literal["faster", "slower", "the same", "too close to call", "no verdict"]


@dataclass(frozen=True, slots=True)
class CaseComparison:
    """HEAD against BASE in one case. ``ratio`` is HEAD's time ÷ BASE's; ``p`` is adjusted over all cases (Holm).

    ``resolves`` is the smallest difference, as a share, that would have been told from none. ``failure`` says why there
    is no ratio, "" otherwise. ``again`` counts the rounds in which a flagged case was measured a second time.
    """

    case: Case
    verdict: Verdict
    ratio: Interval | None = None
    p: float | None = None
    resolves: float | None = None
    failure: str = ""
    again: int = 0

    @property
    def differs(self) -> bool:
        """Whether HEAD is called slower or faster than BASE."""
        return self.verdict in ("slower", "faster")


@dataclass(frozen=True, slots=True)
class ExactComparison:
    """A quantity without noise: bytes of a body, of memory, copies of the payload, or elements that keep their bits.

    ``worse`` tells that HEAD's is not as good as BASE's; a gate on its kind then fails.
    """

    subject: str
    kind: Literal["bytes", "memory", "exactness"]
    quantity: str
    base: str
    head: str
    worse: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, how far it got, and what came of it. ``notes`` say what makes it less sure than it looks.

    ``interrupted`` is the number of the signal that ended it early, 0 for none.
    """

    base: str
    head: str
    how: str
    rounds: int
    cases: tuple[CaseComparison, ...]
    exact: tuple[ExactComparison, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened, with its exact 95 % interval."""

    hits: int
    tries: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CaseResolution:
    """The smallest difference, as a share, that a case could tell from none; None where it had no interval."""

    case: Case
    resolves: float | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """Twins called different, slowdowns of ``slowdown`` found, and what each case resolves, in ``rounds`` rounds."""

    rounds: int
    slowdown: float
    false_alarms: Rate
    power: Rate
    cases: tuple[CaseResolution, ...]
    notes: tuple[str, ...] = ()
    interrupted: int = 0
