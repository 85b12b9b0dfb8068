"""What a CPU profile says of a codec: whose time it is, and how often each byte of the payload was copied."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from serlab.records.profiles import CpuLine, CpuProfile
from serlab.records.run import Interval

#: scalene takes a CPU sample this often by default (--cpu-sampling-rate), and a copy sample per so many bytes on
#: average (the sampling rate of MemcpySampler in its libscalene).
CPU_SAMPLE_S = 0.01
COPY_SAMPLE_BYTES = 7 * 2**20
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class TimeShares:
    """Shares of a case's sampled time, adding up to 1; ``margin`` is half a 95 % interval of any of them."""

    python: float
    native: float
    system: float
    margin: float


def time_by_line(profile: CpuProfile) -> Iterator[tuple[CpuLine | None, str, float]]:
    """Yield the profiled seconds by line and whose they are; last, those of lines that the record does not name."""
    left = profile.python_percent + profile.native_percent + profile.system_percent
    for line in profile.top:
        percents = (line.python_percent, line.native_percent, line.system_percent)
        for kind, percent in zip(("Python", "native code", "system"), percents, strict=True):
            if percent:
                yield line, kind, percent / 100 * profile.elapsed_s
                left -= percent
    if left > 0:
        yield None, "other lines", left / 100 * profile.elapsed_s


def time_shares(profile: CpuProfile) -> TimeShares | None:
    """Return the shares of Python, native and system time; None where nothing was sampled.

    The margin is that of a share counted in ``elapsed_s ÷ CPU_SAMPLE_S`` samples, at its widest (a share of one half).
    """
    total = profile.python_percent + profile.native_percent + profile.system_percent
    samples = profile.elapsed_s / CPU_SAMPLE_S
    if total <= 0 or samples < 1:
        return None
    return TimeShares(
        profile.python_percent / total,
        profile.native_percent / total,
        profile.system_percent / total,
        _NORMAL_95 * 0.5 / math.sqrt(samples),
    )


def copies_per_byte(profile: CpuProfile) -> Interval | None:
    """Return how many bytes were copied per byte of payload, with the interval that sampling leaves; None if unknown.

    The interval is Poisson's, normal approximation, over the copy samples; ``runs`` counts those. Copies that a
    compiler put inline are not seen: scalene counts calls of memcpy, memmove and strcpy.
    """
    carried = profile.calls * profile.raw_bytes
    if carried <= 0:
        return None
    copied = profile.copy_mb_s * 2**20 * profile.elapsed_s
    samples = copied / COPY_SAMPLE_BYTES
    copies = copied / carried
    if samples < 1:
        # One sample might have been missed: what is known is an upper bound.
        return Interval(copies, 0.0, 3 * COPY_SAMPLE_BYTES / carried, 0)
    half = _NORMAL_95 / math.sqrt(samples) * copies
    return Interval(copies, max(0.0, copies - half), copies + half, round(samples))
