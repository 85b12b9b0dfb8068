"""The only place where seconds and bytes are scaled and rounded for people."""

from __future__ import annotations

from collections.abc import Callable

from serlab.records.run import Interval

_TIME_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_SIZE_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))

NOT_MEASURED = "–"


def seconds(value: float | None) -> str:
    """Return a time with three significant digits: ``4.46 ms``."""
    if value is None:
        return NOT_MEASURED
    for factor, unit in _TIME_UNITS:
        if abs(value) >= factor:
            return f"{_three_digits(value / factor)} {unit}"
    return "0 s" if value == 0 else f"{_three_digits(value / 1e-9)} ns"


def size(value: float | None) -> str:
    """Return a number of bytes: ``1,074 B``, ``1.62 MiB``."""
    if value is None:
        return NOT_MEASURED
    for factor, unit in _SIZE_UNITS:
        if abs(value) >= 10 * factor or (factor > 2**10 and abs(value) >= factor):
            return f"{_three_digits(value / factor)} {unit}"
    return f"{value:,.0f} B"


def ratio(value: float | None) -> str:
    """Return a factor: ``2.83×``, ``1,240×``."""
    return NOT_MEASURED if value is None else f"{_three_digits(value)}×"


def ratio_interval(value: Interval | None) -> str:
    """Return a factor with its interval: ``2.83× [2.79, 2.90]``."""
    if value is None:
        return NOT_MEASURED
    return f"{ratio(value.median)} {bounds(value, _three_digits)}"


def bounds(value: Interval, shown: Callable[[float], str]) -> str:
    """Return an interval's bounds: ``[2.79, 2.90]``; of a range, ``(range 2.79 to 2.90 of 3)``."""
    if value.runs == 1 and value.is_range:
        return "(one process)"
    if value.is_range:
        return f"(range {shown(value.low)} to {shown(value.high)} of {value.runs})"
    return f"[{shown(value.low)}, {shown(value.high)}]"


def seconds_interval(value: Interval | None) -> str:
    """Return a time with its interval as a half-width in percent where it is about even: ``4.46 ms ±2 %``."""
    if value is None:
        return NOT_MEASURED
    if value.runs < 2:
        return f"{seconds(value.median)} (1 run)"
    if value.is_range:
        return f"{seconds(value.median)} {bounds(value, seconds)}"
    half = max(value.high - value.median, value.median - value.low)
    return f"{seconds(value.median)} ±{100 * half / value.median:.0f} %" if value.median else seconds(value.median)


def percent(value: float | None) -> str:
    """Return a share: ``63 %``."""
    return NOT_MEASURED if value is None else f"{100 * value:.0f} %"


def _three_digits(value: float) -> str:
    magnitude = abs(float(f"{value:.3g}"))  # as it will be shown: 9.999 is 10.0, not 10.00
    if magnitude >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if magnitude >= 10 else f"{value:.2f}"
