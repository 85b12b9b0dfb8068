"""Times cases in forks of a round's parents, and keeps each process's chunks as a run of pyperf's."""

from __future__ import annotations

from serlab.measure.calls import Subject
from serlab.measure.chunks import Chunks, time_chunks
from serlab.measure.plan import Profile
from serlab.measure.process.workers import Workers
from serlab.measure.pyperf_script import labels
from serlab.records.run import Case, Run
from serlab.records.store import RunFolder, now
from serlab.records.suites import PyperfBenchmark, PyperfRun, PyperfSuite


class Timing:
    """Times cases in fresh processes and adds each run to the store. Loops are calibrated once per case."""

    def __init__(self, folder: RunFolder, limits: Profile) -> None:
        self._folder, self._limits = folder, limits
        self._loops = folder.read_loops()

    def run(self, workers: Workers, case: Case, subject: Subject, round_number: int, client: str = "") -> Run:
        """Time ``case`` once and return what was stored. Raises MeasureError where its process fails."""
        limits, known = self._limits, self._loops.get(case, 0)

        def keep(found: Chunks) -> None:
            self._folder.add_timed(case.op, pyperf_file(case, subject.seed, round_number, client, found))

        found = workers.keeping(
            keep, time_chunks, case, subject,
            loops=known, chunk_s=limits.chunk_s, run_s=limits.run_s, apart=round_number,
        )  # fmt: skip
        self._loops[case] = found.loops
        return Run(case, round_number, found.loops, found.values_s, found.timed_s, client, found.apart.step_s)


def pyperf_file(case: Case, seed: int, round_number: int, client: str, found: Chunks) -> PyperfSuite:
    """Return what one process measured as pyperf writes it: a run is a process, a value a chunk's mean."""
    metadata = {
        **labels(
            case,
            seed,
            round=round_number,
            client=client or None,
            apart=found.apart.step_s or None,
            apart_timed=found.apart.timed_s or None,
        ),
        "name": case.id,
        "loops": found.loops,
        "unit": "second",
        "date": now(),
    }
    run = PyperfRun(metadata, found.values_s, found.warmups_s)
    return PyperfSuite((PyperfBenchmark((run,)),))
