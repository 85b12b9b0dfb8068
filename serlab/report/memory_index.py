"""The index of a run's memory profiles: all cases side by side, what held their peaks in words, every page drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from serlab.analysis.holders import TOLD, holders
from serlab.records.profiles import SPEEDSCOPE
from serlab.records.run import MemoryProfile
from serlab.report import units
from serlab.report.blocks import Block, Cell, Column, Figure, Links, Section, Table
from serlab.report.page import Page, origin_facts, render_page
from serlab.report.plots import memory
from serlab.report.sentences import copy_factor, holder_words, words
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
    blocks: list[Block] = [figure, _table(source, payload, profiles)]
    diffs = sorted((source.folder / "memory").glob("diff--*.html"))
    found = [(path.stem, link) for path in diffs if (link := source.evidence(f"memory/{path.name}"))]
    if found:
        blocks.append(Links("Comparisons of two codecs", tuple(found)))
    return Section(f"payload-{payload}", payload, (conclusion,), tuple(blocks), folded=False)


def _table(source: Source, payload: str, profiles: Iterable[MemoryProfile]) -> Table:
    rows = []
    for profile in profiles:
        case = profile.case
        exactness = source.view.exactness(case.payload, case.codec)
        form = f", {case.form}" if case.form else ""
        stem = PurePosixPath(profile.capture or "no capture").with_suffix("")
        pages = [
            Cell(name if (link := source.evidence(f"{stem}{suffix}")) else "–", href=link,
                 tone="plain" if link else "muted")
            for name, suffix in _PAGES
        ]  # fmt: skip
        rows.append(
            (
                Cell(f"{case.op} {source.label(case.payload, case.codec)}{form}"),
                Cell(units.size(profile.peak_bytes), profile.peak_bytes),
                Cell(units.ratio(profile.peak_bytes / profile.raw_bytes), profile.peak_bytes / profile.raw_bytes),
                Cell(f"{profile.allocations:,}", profile.allocations),
                Cell(units.ratio(copy_factor(profile)), copy_factor(profile)),
                Cell(words(exactness), tone="plain" if exactness and exactness.exact else "bad"),
                *pages,
                Cell("; ".join(map(holder_words, holders(profile)[:TOLD])) or "–"),
            )
        )
    titles = (("case", False), ("peak", True), ("÷ tensor", True), ("allocations", True), ("copy factor", True),
              ("values", False), *((name, False) for name, _ in _PAGES), ("what held the peak", False))  # fmt: skip
    return Table(
        f"memory-table-{payload}",
        "Every case, from memray; pages are drawn with serlab memory --flamegraphs and --view",
        tuple(Column(title, numeric) for title, numeric in titles),
        tuple(rows),
    )
