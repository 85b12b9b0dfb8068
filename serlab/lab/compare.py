"""What ``serlab compare`` does: two stored runs, or two environments that are measured side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from serlab.analysis.compare import SAME_WITHIN, Costs, compare_runs
from serlab.analysis.exact import compare_gates, compare_memory
from serlab.analysis.stats import FEWEST
from serlab.analysis.view import FLOOR, RunView
from serlab.analysis.words import counted
from serlab.errors import UsageError
from serlab.lab.asked import OWN_CLIENT
from serlab.lab.environments import environments
from serlab.lab.progress import ProgressShow
from serlab.measure.chunks import Chunks
from serlab.measure.compare.contest import Contender
from serlab.measure.compare.sides import SideBySide, Wanted
from serlab.measure.new_run import begin_run
from serlab.measure.plan import find_profile
from serlab.measure.timing import pyperf_file
from serlab.payload import checked_seed, parse_payload
from serlab.records.comparison import CaseComparison, Comparison, ExactComparison
from serlab.records.run import Case, RunInfo
from serlab.records.scratch import Scratch
from serlab.records.store import RunFolder, find_run, now
from serlab.report.tables.compare import markdown as as_markdown
from serlab.report.tables.compare import print_comparison
from serlab.report.tables.console import print_json, wide_console

#: The part of a run that this writes: ``comparison.json``.
PART = "comparison"
#: Of environments that are measured side by side.
DEFAULT_ROUNDS, DEFAULT_BUDGET_S = 9, 180.0


@dataclass(frozen=True, slots=True)
class Gates:
    """What makes a comparison fail: a time slower by more than a share, or anything worse of a kind without noise."""

    slower: float | None = None
    bytes: bool = False
    memory: bool = False
    exactness: bool = False


def compare_stored(
    base: str, head: str, results: Path, *, across: bool = False, same_within: float = SAME_WITHIN
) -> Comparison:
    """Compare two stored runs.

    Times of unlike machines, versions or instances get no verdict, unless ``across``: then ratios to the floor do.

    Raises:
        UsageError: a run with itself, or two without a case in common.
        UnknownNameError, StoreError: a run is not there, or cannot be read.
    """
    one, two = find_run(base, results), find_run(head, results)
    if one.path.resolve() == two.path.resolve():
        raise UsageError(f"{one.name} is compared with itself: nothing can differ; name two runs")
    views = RunView(one.read()), RunView(two.read())
    notes = [*_unfinished(views[0].data.info), *_unfinished(views[1].data.info)]
    unlike = _unlike(views[0].data.info, views[1].data.info)
    notes += unlike
    costs: tuple[Costs, Costs] = (views[0].case_times, views[1].case_times)
    if across:
        costs = (_to_floor(costs[0]), _to_floor(costs[1]))
        notes.append(f"ratios to {FLOOR} are compared, each within its own run")
    common = [case for case in costs[0] if case in costs[1]]
    exact = (
        *compare_gates(views[0].data.info.gates, views[1].data.info.gates),
        *compare_memory(views[0].data.memory, views[1].data.memory),
    )
    if not common and not (set(views[0].gates) & set(views[1].gates)):
        raise UsageError(f"{one.name} and {two.name} have no case in common: nothing can be compared")
    cases, more = compare_runs(*costs, same_within=same_within, shift=not across)
    if unlike and not across:
        notes.append("times of unlike runs get no verdict: --across compares ratios to the floor")
        cases = tuple(replace(entry, verdict="no verdict", p=None) for entry in cases)
    rounds = min((len(costs[side][case]) for case in common for side in (0, 1)), default=0)
    if common and rounds < FEWEST:
        notes.append(f"fewer than {FEWEST} rounds carry no 95 % interval: such cases get no verdict")
    return Comparison(one.name, two.name, "stored runs", rounds, cases, exact, (*notes, *more))


def make_wanted(
    payloads: Sequence[str],
    codecs: Sequence[str],
    seed: int | None,
    rounds: int | None,
    budget_s: float | None,
    same_within: float,
    *,
    memory: bool,
) -> Wanted:
    """Return what is measured side by side, where nothing was said as the smoke profile has it.

    Raises:
        UsageError: no rounds, or a seed that cannot be used.
    """
    limits = find_profile("smoke")
    if rounds is not None and rounds < 1:
        raise UsageError(f"{counted(rounds, 'round')} cannot be measured: give at least 1")
    return Wanted(
        tuple(payloads) or limits.payloads, tuple(codecs), limits, checked_seed(seed), rounds or DEFAULT_ROUNDS,
        budget_s or DEFAULT_BUDGET_S, same_within, memory,
    )  # fmt: skip


def compare_environments(
    pythons: Sequence[str], packages: Sequence[str], wanted: Wanted, results: Path, *, quiet: bool = False
) -> tuple[RunFolder, Comparison]:
    """Make two environments, measure them side by side, and keep what was measured as a run of its own.

    Raises:
        UsageError: an environment cannot be made, or they have nothing in common.
        MeasureError: serlab does not run in one of them.
    """
    with environments(pythons, packages) as (base, head), Scratch("compare") as scratch:

        def keep(side: Contender, case: Case, number: int, found: Chunks) -> None:
            folder.add_timed(f"{side.name}-{case.op}", pyperf_file(case, wanted.seed, number, "", found))

        given = tuple(packages) or tuple(python or sys.executable for python in pythons)

        def keep_exact(found: Sequence[ExactComparison]) -> None:
            gathered(Comparison(given[0], given[1], "side by side", 0, (), tuple(found)))

        with ProgressShow(quiet=quiet) as show:
            sides = SideBySide(base, head, wanted, Path(scratch), show, keep, keep_exact=keep_exact)
            offers = sides.ask()  # before there is a run: one that is stopped here leaves none behind
            folder = begin_run(
                results,
                profile="compare",
                seed=wanted.seed,
                payloads=[parse_payload(spec, seed=wanted.seed).info() for spec in wanted.payloads],
                codecs=wanted.codecs,
            )
            gathered = folder.gather(PART)
            found = sides.run(offers)
        found = replace(found, base=f"{given[0]}: {found.base}", head=f"{given[1]}: {found.head}")
        folder.write_suites()
        folder.write_part(PART, found)
        info = replace(folder.read_info(), rounds=found.rounds, finished="" if found.interrupted else now())
        folder.write_info(info)
    return folder, found


def failed(comparison: Comparison, gates: Gates) -> list[str]:
    """Return what makes the comparison fail, in words; nothing where all gates hold."""
    found = []
    if gates.slower is not None:
        found += [
            f"{entry.case.id} is {100 * (entry.ratio.median - 1):.1f} % slower"
            for entry in comparison.cases
            if entry.verdict == "slower" and entry.ratio and entry.ratio.median > 1 + gates.slower
        ]
    kinds = {"bytes": gates.bytes, "memory": gates.memory, "exactness": gates.exactness}
    found += [
        f"{entry.subject}: {entry.quantity} {entry.base} → {entry.head}"
        for entry in comparison.exact
        if entry.worse and kinds[entry.kind]
    ]
    if gates.exactness:
        found += [f"{entry.case.id}: {entry.failure}" for entry in _broken(comparison)]
    return found


def show_comparison(found: Comparison, failures: Sequence[str], markdown: Path | None, *, as_json: bool) -> None:
    """Print a comparison and what makes it fail, and write both as Markdown to a file where one is named."""
    if markdown:
        markdown.write_text(as_markdown(found, failures), encoding="utf-8")
    if as_json:
        print_json({"comparison": found, "failures": failures})
    else:
        print_comparison(found, failures, wide_console())


def _broken(comparison: Comparison) -> list[CaseComparison]:
    return [entry for entry in comparison.cases if entry.failure.startswith("head")]


def _to_floor(costs: Costs) -> Costs:
    found: dict[Case, dict[int, float]] = {}
    for case, rounds in costs.items():
        floor = costs.get(Case(case.payload, FLOOR, case.op), {})
        ratios = {number: cost / floor[number] for number, cost in rounds.items() if floor.get(number)}
        if case.codec != FLOOR and ratios:
            found[case] = ratios
    return found


def _unfinished(info: RunInfo) -> list[str]:
    return [] if info.finished else [f"{info.name} was not finished: {counted(info.rounds, 'round')} of it compared"]


def _unlike(base: RunInfo, head: RunInfo) -> list[str]:
    """Say in what the runs' surroundings differ, so that a difference in time may not be the code's."""
    found = []
    for what in ("name", "cpu_model", "cores", "kernel", "python"):
        before, now = getattr(base.machine, what), getattr(head.machine, what)
        if before != now:
            found.append(f"machine, {what.replace('_', ' ')}: {before} and {now}")
    kinds = [str(info.plan.get("client") or OWN_CLIENT) for info in (base, head)]
    if kinds[0] != kinds[1]:
        found.append(f"kind of client: {kinds[0]} and {kinds[1]}")
    names = sorted(set(base.versions) | set(head.versions))
    found += [
        f"{name}: {base.versions.get(name, 'none')} and {head.versions.get(name, 'none')}"
        for name in names
        if name != "serlab" and base.versions.get(name) != head.versions.get(name)
    ]
    for what in ("kind", "version"):
        before, now = base.instance.get(what), head.instance.get(what)
        if before and now and before != now:
            found.append(f"instance, {what}: {before} and {now}")
    return found
