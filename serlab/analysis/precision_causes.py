"""Findings by what causes them, the worst first: a server's parser or writer, or a codec on the way there or back."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.analysis.precision_findings import Culprit, Finding, findings
from serlab.analysis.precision_matrix import severity
from serlab.records.precision import Leg, PrecisionReport
from serlab.records.run import Transport


@dataclass(frozen=True, slots=True)
class Cause:
    """Everything that one part of the way does to values with one verdict, over all dtypes and codecs."""

    culprit: Culprit
    transport: Transport
    leg: Leg
    verdict: str
    silent: bool
    findings: tuple[Finding, ...]

    @property
    def codecs(self) -> tuple[str, ...]:
        """The codecs that meet it."""
        return tuple(dict.fromkeys(codec for finding in self.findings for codec in finding.codecs))

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The classes of values that it befalls, by dtype."""
        found: dict[str, dict[str, None]] = {}
        for finding in self.findings:
            found.setdefault(finding.dtype, {}).update(dict.fromkeys(share.value_class for share in finding.shares))
        return {dtype: tuple(names) for dtype, names in found.items()}

    @property
    def altered(self) -> int:
        """How many values it befell."""
        return sum(share.altered for finding in self.findings for share in finding.shares)

    @property
    def worst_ulp(self) -> int:
        """How far the furthest moved."""
        return max(share.worst_ulp for finding in self.findings for share in finding.shares)


def causes(report: PrecisionReport) -> tuple[Cause, ...]:
    """Return the causes, the worst first: what nobody is told of, then the gravest verdict, then the most values."""
    grouped: dict[tuple[Culprit, Transport, Leg, str, bool], list[Finding]] = {}
    for finding in findings(report):
        key = (finding.culprit, finding.transport, finding.leg, finding.verdict, finding.silent)
        grouped.setdefault(key, []).append(finding)
    found = [Cause(*key, tuple(members)) for key, members in grouped.items()]
    return tuple(
        sorted(found, key=lambda cause: (*severity(cause.verdict, silent=cause.silent), cause.altered), reverse=True)
    )
