"""When a measured value counts as the claimed one. Few rules, the same for all claims of a kind."""

from __future__ import annotations

from serlab.record import Interval
from serlab.record_claims import NOT_REPRODUCED, REPRODUCED, Verdict

#: "≈" in an article is about this much; the exact values are shown beside the verdict anyway.
ABOUT = 0.10
#: A measured gap of less than this share of the claimed one is another gap.
GAP_SHARE = 0.75


def reproduced_if(holds: bool) -> Verdict:
    """Return the verdict of a claim that was tested."""
    return REPRODUCED if holds else NOT_REPRODUCED


def about(value: float, low: float, high: float | None = None, *, tolerance: float = ABOUT) -> bool:
    """Whether ``value`` is within ``tolerance`` of what was claimed: one value, or from ``low`` to ``high``."""
    return low * (1 - tolerance) <= value <= (low if high is None else high) * (1 + tolerance)


def gap_holds(ratio: Interval, claimed: float) -> bool:
    """Whether a ratio shows the claimed gap: above 1 beyond doubt, and its interval reaches ¾ of the claimed ratio.

    A larger gap than claimed holds as well: the claim is that one side is slower by at least about so much.
    """
    return ratio.low > 1.0 and ratio.high >= GAP_SHARE * claimed
