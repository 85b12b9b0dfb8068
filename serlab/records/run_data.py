"""A whole run, put together from the files of its folder."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.records.endtoend import Answer, EndToEndRun
from serlab.records.run import MemoryProfile, Run, RunInfo


@dataclass(frozen=True, slots=True)
class RunData:
    """A whole run as the store reads it; parts that were not measured are empty."""

    info: RunInfo
    runs: tuple[Run, ...] = ()
    memory: tuple[MemoryProfile, ...] = ()
    endtoend: tuple[EndToEndRun, ...] = ()
    answers: tuple[Answer, ...] = ()
