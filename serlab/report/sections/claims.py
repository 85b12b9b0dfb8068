"""What people repeat about gRPC, HTTP and JSON, with the verdicts of this run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from serlab.records.claims import (
    INCONSISTENT,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    SAME_DIRECTION,
    ClaimResult,
    ClaimsReport,
    Verdict,
)
from serlab.report import sentences
from serlab.report.blocks import Cell, Links, Missing, Section, Table, Tone, columns
from serlab.report.origin import STAND_IN, is_embedded
from serlab.report.source import Source
from serlab.report.tables import claims as told

PARTS = {"claims": ClaimsReport}

_TONES: Mapping[Verdict, Tone] = {
    REPRODUCED: "good",
    SAME_DIRECTION: "warn",
    NOT_REPRODUCED: "warn",
    INCONSISTENT: "bad",
    NOT_TESTABLE: "muted",
}


def build(source: Source) -> Section:
    """Return the section."""
    report = source.part("claims", ClaimsReport)
    if report is None:
        return Section("claims", "Claims", (), (Missing("well-known claims", "serlab claims"),))
    blocks = [_verdicts(source, report), _measured(report)]
    data = source.evidence("claims.json")
    links = (Links("Everything behind the verdicts", (("verdicts as JSON", data),)),) if data else ()
    return Section("claims", "Claims", tuple(_conclusion(report)), (*blocks, *links))


def _conclusion(report: ClaimsReport) -> Iterable[str]:
    counts = Counter(result.judgement.verdict for result in report.results)
    listed = [f"{counts[verdict]} {verdict}" for verdict in _TONES if counts[verdict]]
    instance = report.instance
    against = f"a live {instance.get('kind')} instance, {instance.get('version')}" if instance else "no live instance"
    yield f"Of {len(report.results)} claims, {sentences.listing(listed)}; against {against}."
    if is_embedded(instance):
        yield STAND_IN


def _verdicts(source: Source, report: ClaimsReport) -> Table:
    titles = ("claim", "what is said", "claimed", "measured", "verdict", "finding", "evidence")
    return Table(
        "claims-table",
        "Each claim with the value that was measured for it, 95 % intervals in brackets",
        columns(*titles, text=len(titles)),
        tuple(_row(source, result) for result in report.results),
    )


def _row(source: Source, result: ClaimResult) -> tuple[Cell, ...]:
    judgement = result.judgement
    finding = judgement.finding + (f" (needs: {judgement.needs})" if judgement.needs else "")
    return (
        Cell(result.claim.id),
        Cell(result.claim.statement),
        Cell(result.claim.claimed),
        Cell(told.headline(result)),
        Cell(judgement.verdict, tone=_TONES[judgement.verdict]),
        Cell(finding),
        Cell("JSON" if result.evidence else "–", href=source.evidence(result.evidence)),
    )


def _measured(report: ClaimsReport) -> Table:
    rows = tuple(
        (Cell(result.claim.id), Cell(quantity.label), Cell(told.value_text(quantity), quantity.value.median))
        for result in report.results
        for quantity in result.judgement.measured
    )
    return Table(
        "claims-measured-table",
        "Everything that was measured for each claim",
        columns("claim", "what", "value", text=2),
        rows,
    )
