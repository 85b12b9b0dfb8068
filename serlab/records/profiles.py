"""What profilers find, as frozen dataclasses; like ``record``, plain data that every layer may read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from serlab.records.run import Case, Transport

#: What a speedscope file is called after the capture or profile that it was made of.
SPEEDSCOPE = ".speedscope.json"


def speedscope_path(path: str) -> str:
    """Return where the speedscope file of a capture or a profile is: beside it; "" of none."""
    return str(PurePosixPath(path).with_suffix(SPEEDSCOPE)) if path else ""


@dataclass(frozen=True, slots=True)
class CpuLine:
    """A line of source, with scalene's percentages of all sampled time and the MiB/s copied from it."""

    file: str
    line: int
    code: str
    python_percent: float
    native_percent: float
    system_percent: float
    copy_mb_s: float


@dataclass(frozen=True, slots=True)
class CpuProfile:
    """What scalene saw while one case ran over and over, in a process of its own.

    The percentages and ``copy_mb_s`` (MiB per second) are sums of scalene's own figures over its lines, those of
    scalene's own threads left out; ``own_percent`` is what was left out. ``elapsed_s`` is the profiled time in which
    ``calls`` calls were made. ``profile`` and ``page`` are paths relative to the run's folder.
    """

    case: Case
    raw_bytes: int
    calls: int
    elapsed_s: float
    python_percent: float
    native_percent: float
    system_percent: float
    own_percent: float
    copy_mb_s: float
    profile: str
    page: str = ""
    top: tuple[CpuLine, ...] = ()


@dataclass(frozen=True, slots=True)
class CpuReport:
    """The CPU profiles of a run: when they were taken and with which scalene; ``missing`` says which are not there."""

    started: str  # ISO 8601, UTC
    scalene: str
    profiles: tuple[CpuProfile, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MemoryTrack:
    """Resident memory of client and server while one client made calls.

    ``at_s`` counts from the client's first call. The server's figures are None where its process cannot be seen.
    ``client_before_bytes`` and ``server_before_bytes`` are what was resident before that call, the peaks what the
    kernel saw at most until the last one (VmHWM).
    """

    payload: str
    codec: str
    transport: Transport
    calls: int
    at_s: tuple[float, ...]
    client_bytes: tuple[int, ...]
    server_bytes: tuple[int | None, ...]
    client_before_bytes: int
    client_peak_bytes: int
    server_before_bytes: int | None
    server_peak_bytes: int | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class MemoryTracks:
    """End-to-end memory of a run: when it was taken, and against which instance."""

    started: str  # ISO 8601, UTC
    instance: str
    tracks: tuple[MemoryTrack, ...]
    missing: tuple[str, ...] = ()
