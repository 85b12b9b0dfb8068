"""The only place where seconds and bytes are scaled and rounded for people."""

from __future__ import annotations

import math
from collections.abc import Callable

from serlab.records.run import Interval

_TIME_UNITS = ((0, "s"), (-3, "ms"), (-6, "µs"), (-9, "ns"))
_SIZE_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))

NOT_MEASURED = "–"
#: Significant digits of a figure that has no interval, and the most that any has.
DIGITS = 3
_TWO_DIGITS_BELOW = 3.545


def seconds(value: float | None, place: int | None = None) -> str:
    """Return a time with three significant digits, or rounded to 10 to the ``place`` seconds: ``4.46 ms``."""
    if value is None:
        return NOT_MEASURED
    if value == 0:
        return "0 s"
    power, unit = next((entry for entry in _TIME_UNITS if abs(value) >= 10.0 ** entry[0]), _TIME_UNITS[-1])
    return f"{number(value / 10.0**power, None if place is None else place - power)} {unit}"


def size(value: float | None) -> str:
    """Return a number of bytes: ``1,074 B``, ``1.62 MiB``."""
    if value is None:
        return NOT_MEASURED
    for factor, unit in _SIZE_UNITS:
        if abs(value) >= 10 * factor or (factor > 2**10 and abs(value) >= factor):
            return f"{number(value / factor)} {unit}"
    return f"{value:,.0f} B"


def ratio(value: float | None, place: int | None = None) -> str:
    """Return a factor: ``2.83×``, ``1,240×``."""
    return NOT_MEASURED if value is None else f"{number(value, place)}×"


def ratio_interval(value: Interval | None) -> str:
    """Return a factor with its interval, in the digits that it carries: ``2.83× [2.79, 2.90]``."""
    if value is None:
        return NOT_MEASURED
    place = carried(value)
    return f"{ratio(value.median, place)} {bounds(value, lambda at: number(at, place))}"


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
        place = carried(value)
        return f"{seconds(value.median, place)} {bounds(value, lambda at: seconds(at, place))}"
    if not value.median:
        return seconds(value.median)
    half = max(value.high - value.median, value.median - value.low)
    return f"{seconds(value.median, carried(value))} ±{100 * half / value.median:.0f} %"


def percent(value: float | None) -> str:
    """Return a share: ``63 %``."""
    return NOT_MEASURED if value is None else f"{100 * value:.0f} %"


def difference(value: float) -> str:
    """Return the smallest difference that is told from none, a share, in two digits: ``0.52 %``, ``310 %``."""
    return f"{float(f'{100 * value:.2g}'):,g} %"


def per_second(value: float) -> str:
    """Return a rate of calls: ``1,302``, ``45.1``, ``3.07``."""
    return number(value)


def carried(value: Interval) -> int | None:
    """Return the place of the last digit that a median's interval bears, as a power of ten; None where it has none.

    The Particle Data Group's rule (Review of Particle Physics, Introduction, 5.3): an uncertainty whose first three
    digits are 100 to 354 is shown with two digits, any other with one, and the value down to the same place. Here it is
    the nearer bound's, so that neither bound is rounded onto the median; no value has more than three digits.
    """
    halves = [half for half in (value.high - value.median, value.median - value.low) if half > 0]
    if not halves or not value.median:
        return None
    half = min(halves)
    last = math.floor(math.log10(half))
    last -= 1 if half / 10.0**last < _TWO_DIGITS_BELOW else 0
    shown = abs(float(f"{value.median:.{DIGITS}g}"))  # 9.999 is 10.0
    return max(last, math.floor(math.log10(shown)) - DIGITS + 1)


def number(value: float, place: int | None = None) -> str:
    """Return a number with three significant digits, or rounded to 10 to the ``place``; thousands apart."""
    if place is not None:
        decimals = max(0, min(DIGITS - 1, -place))
        return f"{round(value, -place) if place > 0 else value:,.{decimals}f}"
    magnitude = abs(float(f"{value:.{DIGITS}g}"))  # as it will be shown: 9.999 is 10.0, not 10.00
    if magnitude >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if magnitude >= 10 else f"{value:.2f}"
