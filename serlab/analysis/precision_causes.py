"""Findings by what causes them, the worst first: a server's parser or writer, or a codec on the way there or back."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.analysis.precision_findings import Culprit, Finding, Share, findings
from serlab.analysis.precision_matrix import severity
from serlab.records.precision import Leg, PrecisionReport, is_ordinary
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
    def befallen(self) -> dict[tuple[str, ...], dict[str, tuple[Share, ...]]]:
        """What it befalls, by the codecs that meet it alike: by dtype, ordinary classes first."""
        found: dict[tuple[str, ...], dict[str, tuple[Share, ...]]] = {}
        for finding in self.findings:
            own = found.setdefault(finding.codecs, {})
            shares = (*own.get(finding.dtype, ()), *finding.shares)
            own[finding.dtype] = tuple(sorted(shares, key=reach, reverse=True))
        return found

    @property
    def ordinary(self) -> bool:
        """Whether it befalls values that any tensor may hold."""
        return any(is_ordinary(share.value_class) for finding in self.findings for share in finding.shares)

    @property
    def altered(self) -> int:
        """How many values it befell."""
        return sum(share.altered for finding in self.findings for share in finding.shares)

    @property
    def worst_ulp(self) -> int:
        """How far the furthest moved."""
        return max(share.worst_ulp for finding in self.findings for share in finding.shares)


def reach(share: Share) -> tuple[bool, int]:
    """Return a share's rank, the widest highest: values that any tensor may hold come before others."""
    return is_ordinary(share.value_class), share.altered


def causes(report: PrecisionReport) -> tuple[Cause, ...]:
    """Return the causes, the worst first by ``severity``, of equal ones those that befall the most values."""
    grouped: dict[tuple[Culprit, Transport, Leg, str, bool], list[Finding]] = {}
    for finding in findings(report):
        key = (finding.culprit, finding.transport, finding.leg, finding.verdict, finding.silent)
        grouped.setdefault(key, []).append(finding)
    found = [Cause(*key, tuple(members)) for key, members in grouped.items()]
    return tuple(sorted(found, key=_rank, reverse=True))


def _rank(cause: Cause) -> tuple[tuple[bool, bool, int], int]:
    return severity(cause.verdict, silent=cause.silent, ordinary=cause.ordinary), cause.altered
