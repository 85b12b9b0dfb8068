"""BASE and HEAD, measured side by side: what each offers, its gates, its memory, and the time of what both have."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from serlab.analysis.compare import SAME_WITHIN, compare_pairs, confirmed
from serlab.analysis.exact import compare_gates, compare_memory, least
from serlab.analysis.stats import FEWEST
from serlab.analysis.words import counted
from serlab.errors import MeasureError, UsageError
from serlab.measure.calls import Subject
from serlab.measure.chunks import Chunks
from serlab.measure.compare.contest import Contender, Contest
from serlab.measure.compare.offered import Offer, offer
from serlab.measure.gate import check
from serlab.measure.memory.capture import profile
from serlab.measure.plan import Client, Profile
from serlab.measure.process.interruption import Interruption
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.parents import Parents
from serlab.measure.process.patience import patiently
from serlab.measure.process.workers import Workers
from serlab.records.comparison import CaseComparison, Comparison, ExactComparison
from serlab.records.run import OPS, Case, Gate, MemoryProfile

#: Where two memory profiles differ, each is taken again this often: what a call needs is the least of them.
MEMORY_TRIES = 3
#: The share of the time that measuring flagged cases again may take on top.
AGAIN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is compared: payloads, codecs (none: all that both sides have), rounds and seconds, and parts."""

    payloads: tuple[str, ...]
    codecs: tuple[str, ...]
    limits: Profile
    seed: int
    rounds: int
    budget_s: float
    same_within: float = SAME_WITHIN
    memory: bool = True


@dataclass
class SideBySide:
    """Compares two environments; ``keep`` is told of every process that was timed."""

    base: Contender
    head: Contender
    wanted: Wanted
    scratch: Path
    listener: Listener = field(default_factory=Silent)
    keep: Callable[[Contender, Case, int, Chunks], object] | None = None
    exact: list[ExactComparison] = field(default_factory=list)
    failures: dict[Case, str] = field(default_factory=dict)
    keep_exact: Callable[[Sequence[ExactComparison]], object] = lambda _found: None

    def ask(self) -> dict[str, Offer]:
        """Return what each side offers.

        Raises:
            MeasureError: serlab does not run in one of the environments.
        """
        return {side.name: self._ask(side) for side in (self.base, self.head)}

    def run(self, offers: dict[str, Offer]) -> Comparison:
        """Measure and compare. Ctrl-C or SIGTERM end the measuring; the comparison says how far it got.

        Raises:
            UsageError: they have no codec in common.
        """
        codecs, notes = self._common(offers)
        kinds: dict[str, Client] = {name: offers["base"].codecs[name].client for name in codecs}
        subjects = {payload: Subject(payload, self.wanted.seed) for payload in self.wanted.payloads}
        cases = [
            Case(payload, codec, op, form)
            for op in OPS for payload in subjects for codec in codecs
            for form in (offers["base"].codecs[codec].forms if op == "decode" else (None,))
        ]  # fmt: skip
        contest = self._contest(subjects, kinds)
        second = self._contest(subjects, kinds)
        interruption = Interruption()
        with interruption:
            sound, begun = self._gates(kinds, subjects, cases), time.monotonic()
            contest.run(sound, range(self.wanted.rounds), budget_s=self.wanted.budget_s)
            if flagged := [entry.case for entry in self._compared(contest) if entry.differs]:
                spent = time.monotonic() - begun
                self.listener.remark(f"{len(flagged)} flagged cases are measured again")
                again = range(self.wanted.rounds, 2 * self.wanted.rounds)
                second.run(flagged, again, budget_s=AGAIN_SHARE * spent)
        failures = {**self.failures, **contest.failures, **second.failures}
        first = [entry for entry in self._compared(contest) if entry.case not in failures]
        found = confirmed(first, self._compared(second))
        rounds = max((entry.ratio.runs for entry in found if entry.ratio), default=0)
        if interruption.signal:
            notes.append(f"interrupted after {rounds} of {self.wanted.rounds} rounds: what was measured is shown")
        if unsure := sum(one.differs and two.verdict == "no verdict" for one, two in zip(first, found, strict=True)):
            notes.append(f"not measured again often enough for a verdict: {counted(unsure, 'flagged case')}")
        if rounds < FEWEST:
            notes.append(f"no 95 % interval from {counted(rounds, 'round')}, so no verdict on time: it takes {FEWEST}")
        failed = tuple(CaseComparison(case, "no verdict", failure=words) for case, words in failures.items())
        return Comparison(
            _described(self.base, offers["base"]), _described(self.head, offers["head"]), "side by side", rounds,
            (*found, *failed), tuple(self.exact), tuple(notes), interruption.signal,
        )  # fmt: skip

    def _contest(self, subjects: dict[str, Subject], kinds: dict[str, Client]) -> Contest:
        return Contest((self.base, self.head), subjects, kinds, self.wanted.limits, seed=self.wanted.seed,
                       listener=self.listener, keep=self.keep)  # fmt: skip

    def _compared(self, contest: Contest) -> tuple[CaseComparison, ...]:
        return compare_pairs(
            contest.costs(self.base.name), contest.costs(self.head.name), same_within=self.wanted.same_within
        )

    def _ask(self, side: Contender) -> Offer:
        try:
            with Workers((), python=side.python, environment=side.environment) as workers:
                return workers.call(offer)
        except MeasureError as error:
            first, *told = str(error).splitlines()
            why = f"{first}: {told[-1].strip()}" if told else first
            raise MeasureError(f"{side.name}: serlab does not run in this environment: {why}") from error

    def _common(self, offers: dict[str, Offer]) -> tuple[list[str], list[str]]:
        usable = {side: {n for n, c in found.codecs.items() if not c.unavailable} for side, found in offers.items()}
        both = usable["base"] & usable["head"]
        notes = [
            f"codec {name} is only in {side}: it is not compared"
            for side, names in usable.items() for name in sorted(names - both)
            if not self.wanted.codecs or name in self.wanted.codecs
        ]  # fmt: skip
        chosen = [name for name in offers["base"].codecs if name in both]
        if self.wanted.codecs:
            lacking = [name for name in self.wanted.codecs if name not in both]
            if lacking:
                reasons = [
                    f"{side}: {found.codecs[lacking[0]].unavailable if lacking[0] in found.codecs else 'unknown there'}"
                    for side, found in offers.items() if lacking[0] not in usable[side]
                ]  # fmt: skip
                raise UsageError(f"codec {lacking[0]} cannot be compared: {'; '.join(reasons)}")
            chosen = [name for name in chosen if name in self.wanted.codecs]
        if not chosen:
            raise UsageError("the two environments have no codec in common that can be used")
        differing = {
            name: (offers["base"].versions.get(name, "none"), version)
            for name, version in offers["head"].versions.items() if offers["base"].versions.get(name) != version
        }  # fmt: skip
        notes += [f"{name}: {before} in BASE, {now} in HEAD" for name, (before, now) in differing.items()]
        return chosen, notes

    def _gates(self, kinds: dict[str, Client], subjects: dict[str, Subject], cases: Sequence[Case]) -> list[Case]:
        """Compare what has no noise, and return the cases that may be timed: those that are sound in both."""
        gates: dict[str, list[Gate]] = {self.base.name: [], self.head.name: []}
        broken: dict[tuple[str, str], str] = {}
        with ExitStack() as opened:
            parents = {
                side.name: opened.enter_context(
                    Parents(kinds, seed=self.wanted.seed, number=0, kinds=kinds, python=side.python,
                            environment=side.environment)
                )
                for side in (self.base, self.head)
            }  # fmt: skip
            self.listener.phase("correctness", len(kinds) * len(subjects))
            for payload, subject in subjects.items():
                for codec in kinds:
                    self.listener.step(f"{payload}/{codec}")
                    for side in gates:
                        try:
                            workers = parents[side].of(codec)
                            found = patiently(
                                partial(workers.call, check, subject, codec), f"{side}: {payload}/{codec}",
                                self.listener.remark,
                            )  # fmt: skip
                        except MeasureError as error:
                            broken[payload, codec] = f"{side}: {error}"
                            continue
                        gates[side].append(found)
                        if found.exactness.failure:
                            broken[payload, codec] = f"{side}: {found.exactness.failure}"
            self._add(compare_gates(gates[self.base.name], gates[self.head.name]))
            sound = [case for case in cases if (case.payload, case.codec) not in broken]
            self.failures |= {
                case: broken[case.payload, case.codec] for case in cases if (case.payload, case.codec) in broken
            }
            if self.wanted.memory:
                self._memory(parents, subjects, sound)
        return sound

    def _memory(self, parents: dict[str, Parents], subjects: dict[str, Subject], cases: Sequence[Case]) -> None:
        self.listener.phase("memory", len(cases))
        for case in cases:
            self.listener.step(case.id)
            taken: dict[str, list[MemoryProfile]] = {side: [] for side in parents}
            differing: tuple[ExactComparison, ...] = ()
            try:
                for _ in range(MEMORY_TRIES):
                    for side, found in taken.items():
                        capture = self.scratch / f"{side}.bin"
                        workers = parents[side].of(case.codec)
                        measured = patiently(
                            partial(workers.call, profile, case, subjects[case.payload], capture),
                            f"{side}: memory of {case.id}", self.listener.remark,
                        )  # fmt: skip
                        found.append(measured)
                    one, two = (least(found) for found in taken.values())
                    differing = compare_memory((one,), (two,))
                    if not differing:
                        break
            except MeasureError as error:
                self.failures[case] = f"memory: {error}"
                continue
            self._add(differing)

    def _add(self, found: Sequence[ExactComparison]) -> None:
        self.exact += found
        self.keep_exact(found)


def _described(side: Contender, offered: Offer) -> str:
    where = f", {side.python}" if side.python else ""
    return f"{side.name} (Python {offered.python}{where})"
