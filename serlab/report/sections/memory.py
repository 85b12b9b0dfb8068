"""Memory: who holds the peak of one call, the peak ÷ the tensor, allocations and copies; flamegraphs of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from serlab.analysis.holders import TOLD, Holder, holders
from serlab.analysis.view import FLOOR
from serlab.analysis.words import counted
from serlab.records.run import MemoryProfile, PayloadInfo
from serlab.report import flames, short_answers, units
from serlab.report.blocks import Block, Cell, Figure, Links, Missing, Section, Table, columns
from serlab.report.plots import memory
from serlab.report.sections import compare
from serlab.report.sentences import DOING, copy_factor, holder_words, peak
from serlab.report.source import Source

#: Headings of the functions that hold most.
_HELD = ("held most", "then", "and then")


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
            paired=True,
        )
    ]
    tables = _tables(source)
    blocks = [*tables[:1], *blocks, *tables[1:]]
    undrawn = sum(1 for profile in source.data.memory if not source.evidence(profile.flamegraph))
    if undrawn:
        blocks.append(
            Missing(
                f"flamegraphs of {counted(undrawn, 'case')}",
                f"serlab memory {source.command} --flamegraphs all",
            )
        )
    kept = {(profile.case.payload, profile.case.codec) for profile in source.data.memory if profile.stacks}
    apart = tuple(
        (f"{payload}: {base} and {codec}", flames.link(source, payload, base, codec))
        for payload, (base, codec) in compare.usual(source).items()
        if {(payload, base), (payload, codec)} <= kept
    )
    if apart:
        blocks.append(Links("Differences of two flamegraphs, where any other two can be chosen", apart))
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
    text = f"{_subject(source, worst)} peaks at {peak(worst)}"
    if best is not worst:
        text += f"; the leanest, {_subject(source, best, start=False)}, at {peak(best)}"
    told = short_answers.memory(source)
    if not told:
        told = f"At the worst peak the largest holder is {next(map(holder_words, holders(worst)), 'not known')}."
    return (told, f"{text}.", "Peaks are memray's exact counts of one call, not samples.")


def _tables(source: Source) -> list[Table]:
    """Return the numbers, a table per payload, the largest payload's first and open."""
    found: list[Table] = []
    for payload in sorted(source.payloads, key=lambda payload: -payload.raw_bytes):
        own = [one for one in source.data.memory if one.case.payload == payload.name and one.raw_bytes]
        if own:
            found.append(table(source, payload, own, folded=bool(found)))
    return found


def table(
    source: Source,
    payload: PayloadInfo,
    profiles: Iterable[MemoryProfile],
    *,
    folded: bool = False,
    pages: Mapping[str, Callable[[MemoryProfile], Cell]] = MappingProxyType({}),
) -> Table:
    """Return who holds the peaks of a payload's cases, the worst first; ``pages`` are further columns of links."""
    rows = []
    held = _HELD[: TOLD - 1 if pages else TOLD]  # links take the room of the last
    for profile in sorted(profiles, key=lambda profile: -profile.peak_bytes):
        times = profile.peak_bytes / profile.raw_bytes
        told = [_holder_cell(profile, one) for one in holders(profile)[: len(held)]]
        rows.append(
            (
                Cell(memory.row_label(source, profile.case)),
                Cell(profile.case.op),
                Cell(f"{units.size(profile.peak_bytes)}, {units.ratio(times)}", profile.peak_bytes),
                *told,
                *([Cell("")] * (len(held) - len(told))),
                Cell(units.size(profile.pymalloc_peak_bytes), profile.pymalloc_peak_bytes),
                Cell(f"{profile.allocations:,}", profile.allocations),
                Cell(units.ratio(copy_factor(profile)), copy_factor(profile)),
                *(cell(profile) for cell in pages.values()),
            )
        )
    titles = ("codec", "op", "peak", *held, "small objects", "allocations", "copy factor", *pages)
    return Table(
        f"memory-table-{payload.name}",
        f"Which functions hold the peak of {payload.name} ({units.size(payload.raw_bytes)}), the worst first; memray",
        columns(*titles, text=2, hints=dict.fromkeys(_HELD, "bytes at the peak, their share of it, and ÷ tensor")
                | {"peak": "what one call adds at its highest point, and ÷ tensor",
                   "small objects": "of the peak, held in blocks of up to 512 bytes by Python's own allocator",
                   "copy factor": "bytes allocated ÷ tensor, also those freed at once"}),
        tuple(rows),
        folded=folded,
    )  # fmt: skip


def _holder_cell(profile: MemoryProfile, holder: Holder) -> Cell:
    share = units.percent(holder.bytes / profile.peak_bytes if profile.peak_bytes else None)
    return Cell(f"{holder.name}: {units.size(holder.bytes)}, {share}, {units.ratio(holder.bytes / profile.raw_bytes)}")


def _subject(source: Source, profile: MemoryProfile, *, start: bool = True) -> str:
    verb = DOING[profile.case.op]
    form = f" ({profile.case.form})" if profile.case.form else ""
    label = source.label(profile.case.payload, profile.case.codec)
    return f"{verb.capitalize() if start else verb} {profile.case.payload} with {label}{form}"
