"""What the correlation of isolated and end-to-end times says, as frozen dataclasses. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from serlab.records.run import Interval, Transport

#: How steps are timed in isolation: within calls that have no server, or in a loop.
Mode = Literal["apart", "tight"]


@dataclass(frozen=True, slots=True)
class InCall:
    """How steps timed in one mode agree with the same steps within calls, over cases of 20 µs and more.

    ``within`` is the share of cases whose isolated ÷ in-call time lies between 0.85 and 1.15; ``ratio`` the median of
    those ratios, ``error`` the median of how far they are from 1. All are 0 where nothing was called.
    """

    mode: Mode
    cases: int
    within: float
    ratio: float
    error: float


@dataclass(frozen=True, slots=True)
class CorrelationPoint:
    """One payload × codec: what encode + decode cost in isolation, and what the whole call costs.

    ``share`` is the part of the end-to-end time that the isolated times explain; the in-situ ratios divide the time of
    a stage within a call by its time in isolation.
    """

    payload: str
    codec: str
    transport: Transport
    encode_s: float
    decode_s: float
    isolated_s: Interval
    end_to_end_s: Interval
    share: Interval
    encode_in_situ_ratio: float
    decode_in_situ_ratio: float


@dataclass(frozen=True, slots=True)
class Correlation:
    """Isolated against end-to-end time over the points of one scope: a transport, or all.

    ``slope`` is Theil–Sen's: seconds end to end per second in isolation. Spearman's rho needs at least 3 points.
    """

    scope: str
    points: int
    spearman: float | None
    slope: Interval | None
    intercept_s: float | None


@dataclass(frozen=True, slots=True)
class Saving:
    """What going from the codec ``slow`` to ``fast`` saves in isolation and end to end; negative where it costs."""

    payload: str
    slow: str
    fast: str
    encode_s: float
    decode_s: float
    end_to_end_s: Interval


@dataclass(frozen=True, slots=True)
class Correlations:
    """Everything the correlation says. ``in_call`` has the modes of timing in isolation, the one that is used first."""

    points: tuple[CorrelationPoint, ...] = ()
    fits: tuple[Correlation, ...] = ()
    savings: tuple[Saving, ...] = ()
    in_call: tuple[InCall, ...] = ()
