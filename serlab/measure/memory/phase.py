"""The memory of many cases: memory knows no clock, so each kind of client has its cases profiled beside the others'."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue

from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.memory.capture import profile
from serlab.measure.memory.flamegraph import render_here
from serlab.measure.process.parents import Parents
from serlab.measure.process.workers import Workers
from serlab.records.run import Case, MemoryProfile
from serlab.records.store import RunFolder, file_stem


def profile_cases(
    parents: Parents,
    folder: RunFolder,
    cases: Sequence[Case],
    subjects: Mapping[str, Subject],
    wants_flamegraph: Callable[[Case], bool],
) -> Iterator[tuple[Case, MemoryProfile | MeasureError]]:
    """Profile the cases, those of each kind of client one after the other, and yield what came of each as it ends."""
    kinds: dict[str, list[Case]] = {}
    for case in cases:
        kinds.setdefault(parents.kind(case.codec), []).append(case)
    if not kinds:
        return
    stopped = threading.Event()
    ended: SimpleQueue[tuple[Case, MemoryProfile | MeasureError] | None] = SimpleQueue()

    def work(own: Sequence[Case]) -> None:
        try:
            for case in own:
                if stopped.is_set():
                    return
                try:
                    found = profile_case(parents.of(case.codec), folder, case, subjects[case.payload])
                    if wants_flamegraph(case):
                        found = draw_flamegraph(parents.of(case.codec), folder, found)
                    ended.put((case, found))
                except MeasureError as error:
                    ended.put((case, error))
        finally:
            ended.put(None)

    with ThreadPoolExecutor(len(kinds)) as pool:
        futures = [pool.submit(work, own) for own in kinds.values()]
        try:
            left = len(futures)
            while left:
                if (found := ended.get()) is None:
                    left -= 1
                else:
                    yield found
        finally:
            stopped.set()
        for future in futures:
            future.result()


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
    page = workers.call(render_here, folder.inside(drawn.capture))
    return replace(drawn, flamegraph=f"memory/{page.name}")
