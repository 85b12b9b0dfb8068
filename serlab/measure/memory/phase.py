"""Memory profiles of a run's cases, and their flamegraphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.memory.capture import profile
from serlab.measure.memory.flamegraph import render
from serlab.measure.process.parents import Parents
from serlab.measure.process.side_by_side import side_by_side
from serlab.measure.process.workers import Workers
from serlab.records.run import Case, MemoryProfile
from serlab.records.store import RunFolder, file_stem


def profile_cases(
    parents: Parents,
    folder: RunFolder,
    cases: Sequence[Case],
    subjects: Mapping[str, Subject],
    wants_flamegraph: Callable[[Case], bool],
    take: Callable[[Case, MemoryProfile | MeasureError], object],
) -> None:
    """Profile the cases, those of each kind of client beside the others'; ``take`` gets what came of each."""

    def work(workers: Workers, case: Case) -> MemoryProfile:
        found = profile_case(workers, folder, case, subjects[case.payload])
        return draw_flamegraph(workers, folder, found) if wants_flamegraph(case) else found

    side_by_side(parents, cases, lambda case: case.codec, work, take)


def profile_case(
    workers: Workers, folder: RunFolder, case: Case, subject: Subject, *, native: bool = False
) -> MemoryProfile:
    """Profile one case's memory in a fresh process; the capture goes into the run's memory folder.

    Raises:
        MeasureError: the process fails.
    """
    name = file_stem(case.id) + (".native" if native else "") + ".bin"
    found = workers.call(profile, case, subject, folder.memory_folder / name, native=native)
    return replace(found, capture=f"memory/{found.capture}")


def draw_flamegraph(workers: Workers, folder: RunFolder, drawn: MemoryProfile) -> MemoryProfile:
    """Draw the flamegraph of a capture and return the profile with its path.

    Raises:
        MeasureError: memray cannot read the capture.
    """
    page = workers.call(render, folder.inside(drawn.capture))
    return replace(drawn, flamegraph=f"memory/{page.name}")
