"""Memory: the peak of one call ÷ the tensor, each bar leading to its flamegraph; allocations and copies."""

from __future__ import annotations

from serlab.analysis.view import FLOOR
from serlab.records.run import MemoryProfile
from serlab.report import units
from serlab.report.blocks import Block, Cell, Figure, Links, Missing, Section, Table, columns
from serlab.report.plots import memory
from serlab.report.sentences import copy_factor, frame_words, words
from serlab.report.source import Source


def build(source: Source) -> Section:
    """Return the section."""
    panels = memory.panels(source)
    if not panels:
        missing = Missing("memory", "serlab memory --payload image")
        return Section("memory", "Memory", ("Memory was not measured.",), (missing,))
    blocks: list[Block] = [
        Figure(
            "memory-figure",
            "Peak ÷ tensor",
            "What one encode or decode adds at its highest point, as a multiple of the tensor's size; 1× is one copy. "
            "Blue is large blocks, such as buffers; orange is Python's small objects: a float per element, a string "
            "per number. A bar leads to its flamegraph where one has been drawn.",
            panels,
            _table(source),
            paired=True,
        )
    ]
    undrawn = sum(1 for profile in source.data.memory if not source.evidence(profile.flamegraph))
    if undrawn:
        blocks.append(
            Missing(
                f"flamegraphs of {undrawn} cases",
                f"serlab memory {source.command} --flamegraphs all",
            )
        )
    index = source.evidence("memory/index.html")
    if index:
        blocks.append(Links("All cases side by side", (("memory of every case", index),)))
    return Section("memory", "Memory", _conclusion(source), tuple(blocks))


def _conclusion(source: Source) -> tuple[str, ...]:
    measured = [profile for profile in source.data.memory if profile.case.codec != FLOOR and profile.raw_bytes]
    if not measured:
        return ("Only the floor was profiled.",)
    largest = max(measured, key=lambda profile: profile.raw_bytes).case.payload
    here = [profile for profile in measured if profile.case.payload == largest]
    worst = max(here, key=lambda profile: profile.peak_bytes)
    best = min(here, key=lambda profile: profile.peak_bytes)
    text = f"{_subject(source, worst)} peaks at {_peak(worst)}"
    if best is not worst:
        text += f"; the leanest, {_subject(source, best, start=False)}, at {_peak(best)}"
    lines = [text + "."]
    if worst.top:
        lines.append(f"At the worst peak {frame_words(worst.top[0])} is the largest holder.")
    lines.append("Peaks are memray's exact counts of one call, not samples.")
    return tuple(lines)


def _subject(source: Source, profile: MemoryProfile, *, start: bool = True) -> str:
    verb = {"encode": "encoding", "decode": "decoding"}[profile.case.op]
    form = f" ({profile.case.form})" if profile.case.form else ""
    label = source.label(profile.case.payload, profile.case.codec)
    return f"{verb.capitalize() if start else verb} {profile.case.payload} with {label}{form}"


def _peak(profile: MemoryProfile) -> str:
    return f"{units.size(profile.peak_bytes)}, {units.ratio(profile.peak_bytes / profile.raw_bytes)} the tensor"


def _table(source: Source) -> Table:
    rows = []
    for profile in source.data.memory:
        case, page = profile.case, source.evidence(profile.flamegraph)
        if not profile.raw_bytes:
            continue
        exactness = source.view.exactness(case.payload, case.codec)
        rows.append(
            (
                Cell(case.payload),
                Cell(source.label(case.payload, case.codec) + (f", {case.form}" if case.form else "")),
                Cell(case.op),
                Cell(f"{profile.peak_bytes:,}", profile.peak_bytes),
                Cell(units.ratio(profile.peak_bytes / profile.raw_bytes), profile.peak_bytes / profile.raw_bytes),
                Cell(f"{profile.pymalloc_peak_bytes:,}", profile.pymalloc_peak_bytes),
                Cell(f"{profile.allocated_bytes:,}", profile.allocated_bytes),
                Cell(units.ratio(copy_factor(profile)), copy_factor(profile)),
                Cell(f"{profile.allocations:,}", profile.allocations),
                Cell(words(exactness), tone="plain" if exactness and exactness.exact else "bad"),
                Cell("flamegraph" if page else "–", href=page, tone="plain" if page else "muted"),
            )
        )
    return Table(
        "memory-table",
        "Memory of every case, in bytes, from memray",
        columns(
            "payload", "codec", "op", "peak", "peak ÷ tensor", "small objects", "allocated", "copy factor",
            "allocations", "values", "evidence", text=3,
            hints={
                "small objects": "of the peak, held in blocks of up to 512 bytes by Python's own allocator",
                "copy factor": "bytes allocated ÷ tensor, also those freed at once",
            },
        ),
        tuple(rows),
    )  # fmt: skip
