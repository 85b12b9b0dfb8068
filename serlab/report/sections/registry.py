"""The sections of a page, in its order."""

from __future__ import annotations

from typing import Any, Protocol

from serlab.report.blocks import Section
from serlab.report.sections import (
    answer,
    body_size,
    claims,
    compare,
    correlation,
    cpu,
    decomposition,
    deployment,
    endtoend,
    load,
    memory,
    precision,
    provenance,
    time,
)
from serlab.report.source import Source


class SectionModule(Protocol):
    """What a section's file has to offer."""

    def build(self, source: Source) -> Section:
        """Return the section for a run's page."""


SECTIONS: tuple[SectionModule, ...] = (
    answer,
    compare,
    time,
    body_size,
    memory,
    cpu,
    endtoend,
    decomposition,
    load,
    deployment,
    correlation,
    claims,
    precision,
    provenance,
)


def parts() -> dict[str, Any]:
    """Return the parts of a run that sections read beside the usual ones: name → type of its records."""
    return {name: kind for module in SECTIONS for name, kind in getattr(module, "PARTS", {}).items()}


def build(source: Source) -> tuple[Section, ...]:
    """Return every section of a run's page."""
    return tuple(module.build(source) for module in SECTIONS)
