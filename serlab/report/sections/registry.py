"""The only lookup of sections: the files of this folder, in the order they name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, cast

import serlab.report.sections
from serlab.report.blocks import Section
from serlab.report.source import Source


class SectionModule(Protocol):
    """What a section's file has to offer."""

    ORDER: int
    build: Callable[[Source], Section]


@cache
def modules() -> tuple[SectionModule, ...]:
    """Return the modules of all sections in the order of the page."""
    found = [
        importlib.import_module(f"serlab.report.sections.{info.name}")
        for info in pkgutil.iter_modules(serlab.report.sections.__path__)
    ]
    sections = [cast(SectionModule, module) for module in found if hasattr(module, "ORDER")]
    return tuple(sorted(sections, key=lambda module: module.ORDER))


def parts() -> dict[str, Any]:
    """Return the parts of a run that sections read beside the usual ones: name → type of its records."""
    return {name: kind for module in modules() for name, kind in getattr(module, "PARTS", {}).items()}


def build(source: Source) -> tuple[Section, ...]:
    """Return every section of a run's page."""
    return tuple(module.build(source) for module in modules())
