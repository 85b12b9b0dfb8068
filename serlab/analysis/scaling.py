"""How a codec's time grows with the size of the tensor: the slope per codec.

Only payloads of one dtype and one distribution can be put on a line: a JSON body's length follows the number of digits,
not the number of bytes. The largest such group of the run is taken.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from serlab.analysis.view import RunView
from serlab.records.run import Form, Interval, Op, PayloadInfo

#: Two points always lie on a line; from three on, how far they are off it says something.
MIN_PAYLOADS = 3


@dataclass(frozen=True, slots=True)
class Scaling:
    """Time against size of one codec and op.

    ``points`` are (bytes, seconds), smallest first. ``exponent`` is Theil–Sen's slope of log time over log bytes with
    its 95 % bounds (``runs`` counts payloads): 1 means that twice the bytes take twice the time; None below
    ``MIN_PAYLOADS``. ``per_byte_s`` is the cost of each further byte between the smallest and the largest payload.
    """

    codec: str
    op: Op
    form: Form | None
    points: tuple[tuple[int, float], ...]
    exponent: Interval | None
    per_byte_s: float


def group(view: RunView) -> tuple[PayloadInfo, ...]:
    """Return the payloads that can be compared, smallest first: the largest group of one dtype and distribution."""
    timed = {case.payload for case in view.case_times}
    groups: dict[tuple[str, str], list[PayloadInfo]] = defaultdict(list)
    for entry in view.data.info.payloads:
        if entry.name in timed:
            groups[entry.dtype, entry.distribution].append(entry)
    largest: list[PayloadInfo] = max(groups.values(), key=len, default=[])
    return tuple(sorted(largest, key=lambda entry: entry.raw_bytes))


def scale(view: RunView) -> tuple[Scaling, ...]:
    """Return the scaling of every codec, op and form that was timed at two sizes or more."""
    payloads = group(view)
    known = {entry.name: entry for entry in payloads}
    series: dict[tuple[str, Op, Form | None], list[tuple[int, float]]] = defaultdict(list)
    for entry in payloads:
        for case, times in view.case_times.items():
            if case.payload == entry.name:
                mean = sum(times.values()) / len(times)
                series[case.codec, case.op, case.form].append((known[case.payload].raw_bytes, mean))
    codecs = {name: position for position, name in enumerate(view.data.info.codecs)}
    ordered = sorted(
        series.items(), key=lambda item: (codecs.get(item[0][0], len(codecs)), item[0][1] != "encode", str(item[0]))
    )
    return tuple(
        Scaling(codec, op, form, tuple(points), _exponent(points), _per_byte(points))
        for (codec, op, form), points in ordered
        if len({size for size, _ in points}) > 1
    )


def _exponent(points: list[tuple[int, float]]) -> Interval | None:
    if len(points) < MIN_PAYLOADS:
        return None
    from scipy.stats import theilslopes

    line = theilslopes([math.log(time) for _, time in points], [math.log(size) for size, _ in points])
    return Interval(float(line.slope), float(line.low_slope), float(line.high_slope), len(points))


def _per_byte(points: list[tuple[int, float]]) -> float:
    (small, fast), (large, slow) = points[0], points[-1]
    return (slow - fast) / (large - small)
