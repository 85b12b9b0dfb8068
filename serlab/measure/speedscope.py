"""Profiles as speedscope files, which https://www.speedscope.app opens in the browser: memory at its peak, CPU time.

The format: https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources, its ``sampled`` kind. Weights are
bytes or seconds, stacks run from the outermost frame to the innermost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from serlab.analysis.cpu import time_by_line
from serlab.errors import MeasureError
from serlab.records.profiles import SPEEDSCOPE, CpuProfile

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"
Unit = Literal["bytes", "seconds"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in the source; line 0 where it is not known."""

    name: str
    file: str = ""
    line: int = 0


Sample = tuple[tuple[Frame, ...], float]


def document(name: str, unit: Unit, samples: Iterable[Sample]) -> str:
    """Return a speedscope file of ``samples``: stacks, the outermost frame first, with their weights."""
    frames: dict[Frame, int] = {}
    stacks, weights = [], []
    for stack, weight in samples:
        stacks.append([frames.setdefault(frame, len(frames)) for frame in stack])
        weights.append(weight)
    profile = {
        "type": "sampled", "name": name, "unit": unit, "startValue": 0, "endValue": sum(weights), "samples": stacks,
        "weights": weights,
    }  # fmt: skip
    known = ({"name": frame.name, "file": frame.file, "line": frame.line} for frame in frames)
    shared = [{key: value for key, value in frame.items() if value or key == "name"} for frame in known]
    return json.dumps(
        {"$schema": _SCHEMA, "name": name, "exporter": "serlab", "shared": {"frames": shared}, "profiles": [profile]}
    )


def write_memory(capture: Path) -> Path:
    """Write what held memory at the peak of a memray capture beside it, and return the path.

    Raises:
        MeasureError: memray cannot read the capture, or the file cannot be written.
    """
    from memray import FileReader

    try:
        with FileReader(str(capture)) as reader:
            records = list(reader.get_high_watermark_allocation_records(merge_threads=True))
            samples = [(_stack(record.stack_trace()), record.size) for record in records]
        path = capture.with_suffix(SPEEDSCOPE)
        path.write_text(document(capture.stem, "bytes", samples), encoding="utf-8")
    except OSError as error:
        raise MeasureError(f"no speedscope file of {capture}: {error}") from error
    return path


def _stack(trace: Sequence[tuple[str, str, int]]) -> tuple[Frame, ...]:
    """memray's traces begin with the innermost frame."""
    return tuple(Frame(function, file, line) for function, file, line in reversed(trace)) or (Frame("no Python frame"),)


def cpu_document(profile: CpuProfile) -> str:
    """Return scalene's busiest lines of a case by the seconds that they took: it knows lines, not stacks.

    Under each line stand its shares of Python, native code and the system.
    """
    samples: list[Sample] = []
    for line, kind, seconds in time_by_line(profile):
        stack = [Frame(kind)]
        if line:
            place = Frame(line.code or f"{line.file}:{line.line}", line.file, line.line)
            stack = [Frame(line.file, line.file), place, *stack]
        samples.append((tuple(stack), seconds))
    return document(profile.case.id, "seconds", samples)
