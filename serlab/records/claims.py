"""What an experiment found out about each claim, and the verdicts; those of a real TensorFlow Serving beside them.

An experiment gathers one ``Evidence``, which may answer several claims; a claim's verdict is a function of it alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

import msgspec

from serlab.records.run import Interval

Verdict = Literal["reproduced", "same direction, other size", "not reproduced", "inconsistent", "not testable here"]
Unit = Literal["s", "bytes", "1/s", "bit/s", "ratio", "share", "count"]

REPRODUCED: Verdict = "reproduced"
SAME_DIRECTION: Verdict = "same direction, other size"
NOT_REPRODUCED: Verdict = "not reproduced"
INCONSISTENT: Verdict = "inconsistent"
NOT_TESTABLE: Verdict = "not testable here"

#: The part of a run that holds the verdicts: ``claims.json``. The evidence lies beside it, in ``claims/``.
PART = "claims"


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that people repeat, the value they give for it, and how the lab tests it."""

    id: str
    statement: str
    claimed: str
    test: str


@dataclass(frozen=True, slots=True)
class Series:
    """Samples of one quantity by round: seconds, bytes, … of one codec, payload and setting, "" where that has none.

    Rounds pair what was measured under the same conditions, so that ratios can be taken within them.
    """

    quantity: str
    unit: Unit
    samples: Mapping[int, tuple[float, ...]]
    codec: str = ""
    payload: str = ""
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an experiment saw. ``facts`` are JSON scalars by name.

    ``missing`` says why the experiment could not be made, and ``needs`` what would be needed; both "" where it was.
    """

    experiment: str
    series: tuple[Series, ...] = ()
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    missing: str = ""
    needs: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured value with its interval; ``label`` says of what."""

    label: str
    value: Interval
    unit: Unit


@dataclass(frozen=True, slots=True)
class Judgement:
    """What evidence says about a claim. The first quantity is the one to hold against the claimed value.

    ``finding`` puts it in words; ``needs`` is what a claim that cannot be tested here would need.
    """

    verdict: Verdict
    measured: tuple[Quantity, ...] = ()
    finding: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim, its judgement, and the file with the evidence, relative to the run's folder ("" if none was made)."""

    claim: Claim
    judgement: Judgement
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class ClaimsReport:
    """All claims that were put to the test in one run. ``instance`` has kind and version of the live server.

    ``missing`` are experiments that failed, and calls of others that did.
    """

    started: str  # ISO 8601, UTC
    results: tuple[ClaimResult, ...]
    instance: Mapping[str, Any] = field(default_factory=dict)
    quick: bool = False
    seconds: float = 0.0
    missing: tuple[str, ...] = ()


def real_server_claims() -> ClaimsReport:
    """Return the headline value and the verdict of every claim on TensorFlow Serving 2.20.0, 2026-11-25, two cores.

    The verdicts follow this version's rules; of the evidence only the headline values are kept.
    """
    return msgspec.json.decode((files("serlab.records") / "real_claims.json").read_bytes(), type=ClaimsReport)
