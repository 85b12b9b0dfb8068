"""Contenders timed case by case right after one another, so that whatever the machine does falls on all of them.

A contender is an environment (an interpreter, and what is put on its path) or a known slowdown. In every round each
environment has parents of its own, with the same hash seed and padding for all; a case is timed in a fork for each
contender, in random order, and again while the round's share of the time lasts.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.cases import shuffled
from serlab.measure.chunks import DEAR_S, Chunks, time_chunks
from serlab.measure.plan import Client, Profile
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.parents import Parents
from serlab.measure.process.patience import patiently
from serlab.records.run import Case

#: Processes of a case, contender and round: more narrow only what varies within a parent.
MOST_PROCESSES = 8


@dataclass(frozen=True, slots=True)
class Contender:
    """What is compared: ``python`` "" is this interpreter; ``slowdown`` a share by which every call is made longer."""

    name: str
    python: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    slowdown: float = 0.0

    @property
    def place(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What contenders that share parents have in common."""
        return self.python, tuple(sorted(self.environment.items()))


Costs = Mapping[Case, Mapping[int, float]]


class Contest:
    """Times ``cases`` for every contender; ``keep`` is told of each process. ``kinds`` are the codecs' clients."""

    def __init__(
        self,
        contenders: Sequence[Contender],
        subjects: Mapping[str, Subject],
        kinds: Mapping[str, Client],
        limits: Profile,
        *,
        seed: int,
        listener: Listener | None = None,
        keep: Callable[[Contender, Case, int, Chunks], object] | None = None,
    ) -> None:
        self._contenders, self._subjects, self._kinds = tuple(contenders), subjects, kinds
        self._limits, self._seed, self._say, self._keep = limits, seed, listener or Silent(), keep
        self._loops: dict[Case, int] = {}
        self._found: dict[tuple[str, Case, int], list[float]] = defaultdict(list)
        self.failures: dict[Case, str] = {}

    def run(self, cases: Iterable[Case], rounds: range, *, budget_s: float) -> int:
        """Time the cases in every round; return how many rounds were whole. Time that is left in a round is used."""
        wanted, begun = tuple(cases), time.monotonic()
        for done, number in enumerate(rounds):
            left = budget_s - (time.monotonic() - begun)
            end = time.monotonic() + max(0.0, left) / (len(rounds) - done)
            with ExitStack() as opened:
                parents = {place: opened.enter_context(self._parents(place, number)) for place in self._places()}
                self._say.phase(f"round {number + 1}", len(wanted))
                for turn in range(MOST_PROCESSES):
                    for case in shuffled(wanted, self._seed, 1000 * turn + number):
                        if turn and (time.monotonic() >= end or self._is_dear(case)):
                            continue
                        if case not in self.failures:
                            self._say.step(case.id)
                            self._pair(case, number, turn, parents)
                    if time.monotonic() >= end:
                        break
        return len(rounds)

    def costs(self, contender: str) -> Costs:
        """Return a contender's undisturbed seconds per call by case and round, of whole pairs only."""
        found: dict[Case, dict[int, float]] = defaultdict(dict)
        for (name, case, number), values in self._found.items():
            least = min(len(self._found.get((other.name, case, number), ())) for other in self._contenders)
            if name == contender and least and case not in self.failures:
                found[case][number] = median(values[:least])
        return found

    def _places(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], Contender]:
        return {contender.place: contender for contender in self._contenders}

    def _parents(self, place: tuple[str, tuple[tuple[str, str], ...]], number: int) -> Parents:
        python, environment = place
        return Parents(self._kinds, seed=self._seed, number=number, kinds=self._kinds, python=python,
                       environment=dict(environment))  # fmt: skip

    def _pair(
        self, case: Case, number: int, turn: int, parents: Mapping[tuple[str, tuple[tuple[str, str], ...]], Parents]
    ) -> None:
        order = list(self._contenders)
        random.Random(f"{self._seed}/{case.id}/{number}/{turn}").shuffle(order)
        for contender in order:
            try:
                timing = partial(
                    parents[contender.place].of(case.codec).keeping,
                    partial(self._note, contender, case, number), time_chunks, case, self._subjects[case.payload],
                    loops=self._loops.get(case, 0), chunk_s=self._limits.chunk_s, run_s=self._limits.run_s,
                    slowdown=contender.slowdown,
                )  # fmt: skip
                patiently(timing, f"{case.id}: {contender.name}", self._say.remark)
            except MeasureError as error:
                self.failures[case] = f"{contender.name}: {error}"
                self._say.remark(f"{case.id}: {contender.name}: {error}")
                return

    def _note(self, contender: Contender, case: Case, number: int, chunks: Chunks) -> None:
        self._loops[case] = chunks.loops
        self._found[contender.name, case, number].append(min(chunks.values_s))
        if self._keep:
            self._keep(contender, case, number, chunks)

    def _is_dear(self, case: Case) -> bool:
        values = [values for (_, of, _), values in self._found.items() if of == case]
        return any(min(found) >= DEAR_S for found in values if found)
