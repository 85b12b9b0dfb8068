"""The index of a run's memory profiles: all cases side by side, what held their peaks in words, every page drawn."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

from serlab.records.profiles import SPEEDSCOPE
from serlab.records.run import MemoryProfile
from serlab.report import units
from serlab.report.blocks import Block, Cell, Figure, Links, Section
from serlab.report.page import Page, origin_facts, render_page
from serlab.report.plots import memory
from serlab.report.sections import memory as memory_section
from serlab.report.source import Source

#: The page's path in the run's folder.
PATH = "memory/index.html"
#: What can be drawn of a capture: what it is called, and what its file's name has after the capture's stem.
_PAGES = (
    ("flamegraph", ".html"),
    ("over time", ".temporal.html"),
    ("table", ".table.html"),
    ("native", ".native.html"),
    ("speedscope", SPEEDSCOPE),
)


def render(source: Source) -> str:
    """Return the index page; it lies in the folder of the captures."""
    here = replace(source, base="../")
    sections = tuple(_section(here, payload.name) for payload in here.payloads if _profiles(here, payload.name))
    if not sections:
        said = "Memory was not profiled in this run: serlab memory --payload image does."
        sections = (Section("memory", "Memory", (said,), folded=False),)
    report = here.evidence("report.html")
    return render_page(
        here,
        Page(
            "memory",
            f"serlab memory: {here.data.info.name}",
            "What one call adds to memory",
            sections,
            origin_facts(here),
            back=("Back to the report", report) if report else None,
        ),
    )


def _profiles(source: Source, payload: str) -> list[MemoryProfile]:
    return [profile for profile in source.data.memory if profile.case.payload == payload and profile.raw_bytes]


def _section(source: Source, payload: str) -> Section:
    profiles = _profiles(source, payload)
    raw = profiles[0].raw_bytes
    low, high = (choose(profile.peak_bytes for profile in profiles) for choose in (min, max))
    conclusion = (
        f"The tensor is {units.size(raw)}. One call adds between {units.size(low)} ({units.ratio(low / raw)}) and "
        f"{units.size(high)} ({units.ratio(high / raw)}) at its peak, depending on the codec."
    )
    panels = tuple(panel for panel in memory.panels(source) if panel.name.endswith(f"-{payload}"))
    figure = Figure(
        f"memory-{payload}",
        "Peak ÷ tensor",
        "A bar leads to its flamegraph where one has been drawn.",
        panels,
        paired=True,
    )
    pages = {name: partial(_page_cell, source, name, suffix) for name, suffix in _PAGES}
    pages = {name: cell for name, cell in pages.items() if any(cell(profile).href for profile in profiles)}
    about = next(one for one in source.payloads if one.name == payload)
    blocks: list[Block] = [figure, memory_section.table(source, about, profiles, pages=pages)]
    diffs = sorted((source.folder / "memory").glob("diff--*.html"))
    found = [(path.stem, link) for path in diffs if (link := source.evidence(f"memory/{path.name}"))]
    if found:
        blocks.append(Links("Comparisons of two codecs", tuple(found)))
    return Section(f"payload-{payload}", payload, (conclusion,), tuple(blocks), folded=False)


def _page_cell(source: Source, name: str, suffix: str, profile: MemoryProfile) -> Cell:
    stem = PurePosixPath(profile.capture or "no capture").with_suffix("")
    link = source.evidence(f"{stem}{suffix}")
    return Cell(name if link else "–", href=link, tone="plain" if link else "muted")
