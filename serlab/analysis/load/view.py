"""A load run arranged for those who read it: sums, knees and remarks, once for table, JSON and page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from serlab.analysis.load import summary
from serlab.analysis.load.remarks import crowding
from serlab.records.load import Knee, LoadReport, LoadSummary


@dataclass(frozen=True)
class LoadView:
    """Looks up what a load run found. Everything is derived; nothing is measured or changed."""

    report: LoadReport

    @cached_property
    def summaries(self) -> tuple[LoadSummary, ...]:
        """Every step, its rounds together."""
        return summary.summarize(self.report.steps)

    @cached_property
    def knees(self) -> tuple[Knee, ...]:
        """Where adding load stops paying, per payload and codec."""
        return tuple(summary.knees(self.summaries))

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """What to know before believing the figures: of single steps, then of all."""
        told = [f"{entry.spec.id}: {remark}" for entry in self.summaries for remark in entry.remarks]
        return (*told, *filter(None, [crowding(self.report.steps)]))
