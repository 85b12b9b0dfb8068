"""What ``serlab selfcheck`` does: every codec against itself, and against itself made slower by a known share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from serlab.analysis.compare import compare_pairs
from serlab.analysis.noise import sum_up
from serlab.analysis.stats import FEWEST
from serlab.analysis.words import counted
from serlab.codecs import registry
from serlab.errors import MeasureError
from serlab.lab.progress import ProgressShow
from serlab.measure.calls import Subject
from serlab.measure.cases import time_cases
from serlab.measure.compare.contest import Contender, Contest
from serlab.measure.gate import check
from serlab.measure.plan import find_profile
from serlab.measure.process.interruption import Interruption
from serlab.measure.process.parents import Parents, client_of
from serlab.records.comparison import SelfCheck
from serlab.records.run import Case
from serlab.report.tables.compare import print_selfcheck
from serlab.report.tables.console import print_json, wide_console

#: Nine parents have an interval that reaches 0.9 standard deviations; six have one of 1.3.
ROUNDS = 9


def check_itself(
    payloads: Sequence[str],
    codecs: Sequence[str],
    *,
    slowdown: float,
    budget_s: float,
    seed: int,
    rounds: int = ROUNDS,
    quiet: bool = False,
) -> SelfCheck:
    """Measure every codec, its twin and its slowed copy side by side, and say what a comparison would have made of it.

    Without ``payloads`` or ``codecs``: those of the smoke profile, and all main ones.

    Raises:
        CodecUnavailableError, UnknownNameError, PayloadError: what was named cannot be measured.
    """
    begun = time.monotonic()
    names = tuple(codecs) or tuple(registry.main_codecs())
    limits = find_profile("smoke")
    subjects = {payload: Subject(payload, seed) for payload in payloads or limits.payloads}
    kinds = {name: client_of(name) for name in names}
    with ProgressShow(quiet=quiet) as show:
        cases, notes = _sound(subjects, names, seed)
        plain, twin = Contender("plain"), Contender("twin")
        slowed = Contender("slowed", slowdown=slowdown)
        contest = Contest((plain, twin, slowed), subjects, kinds, limits, seed=seed, listener=show)
        with Interruption() as interruption:
            contest.run(cases, range(rounds), budget_s=budget_s - (time.monotonic() - begun))
        if interruption.signal:
            notes.append("interrupted: what was measured until then is shown")
    own = contest.costs("plain")
    done = max((len(found) for found in own.values()), default=0)
    if done < FEWEST:
        notes.append(f"no 95 % interval from {counted(done, 'round')}: it takes {FEWEST}")
    twins, slow = (compare_pairs(own, contest.costs(name)) for name in ("twin", "slowed"))
    notes += [f"{case.id}: {words}" for case, words in contest.failures.items()]
    return replace(sum_up(twins, slow, slowdown, done, notes), interrupted=interruption.signal)


def show_selfcheck(found: SelfCheck, *, as_json: bool) -> None:
    """Print what a comparison would have made of twins and slowed copies."""
    if as_json:
        print_json(found)
    else:
        print_selfcheck(found, wide_console())


def _sound(subjects: dict[str, Subject], names: Sequence[str], seed: int) -> tuple[list[Case], list[str]]:
    """Return the cases whose round trip works, and what is left out."""
    cases, notes = [], []
    with Parents(names, seed=seed, number=0) as parents:
        for payload, subject in subjects.items():
            for name in names:
                try:
                    failure = parents.of(name).call(check, subject, name).exactness.failure
                except MeasureError as error:
                    failure = str(error)
                if failure:
                    notes.append(f"{payload}/{name} is left out: {failure}")
                else:
                    cases += time_cases([payload], [name])
    return cases, notes
