"""Profiles on the terminal: CPU shares and copies, memory peaks, and where the bytes of two codecs went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rich.table import Table

from serlab.analysis.cpu import copies_per_byte, time_shares
from serlab.analysis.holders import holders
from serlab.records.profiles import CpuReport, MemoryTrack
from serlab.records.run import MemoryProfile
from serlab.report import blocks, sentences, units
from serlab.report.blocks import Cell, columns
from serlab.report.sentences import copy_factor, holder_words
from serlab.report.tables.console import plain_table, shown


def cpu_table(report: CpuReport) -> Table:
    """Return a row per profiled case."""
    columns = ("case", "Python", "native", "system", "±", "copied/s", "copies per payload byte", "calls", "top line")
    table = plain_table("", columns, words=columns[-1:])
    for profile in report.profiles:
        shares, copies = time_shares(profile), copies_per_byte(profile)
        parts = (shares.python, shares.native, shares.system) if shares else (None, None, None)
        top = profile.top[0] if profile.top else None
        table.add_row(
            profile.case.id,
            *(units.percent(part) for part in parts),
            f"{100 * shares.margin:.0f} points" if shares else units.NOT_MEASURED,
            units.size(profile.copy_mb_s * 2**20),
            units.ratio_interval(copies),
            f"{profile.calls:,}",
            f"{top.file}:{top.line}" if top else units.NOT_MEASURED,
        )
    return table


def memory_table(profiles: Iterable[MemoryProfile]) -> Table:
    """Return a row per case with the peak's largest holder in words."""
    columns = ("case", "peak", "÷ tensor", "small objects", "allocations", "copy factor", "largest holder")
    table = plain_table("", columns, words=columns[-1:])
    for profile in profiles:
        table.add_row(
            profile.case.id,
            units.size(profile.peak_bytes),
            units.ratio(profile.peak_bytes / profile.raw_bytes if profile.raw_bytes else None),
            units.size(profile.pymalloc_peak_bytes),
            f"{profile.allocations:,}",
            units.ratio(copy_factor(profile) if profile.raw_bytes else None),
            next(map(holder_words, holders(profile)), units.NOT_MEASURED),
        )
    return table


def found_lines(found: Sequence[MemoryProfile | MemoryTrack | str]) -> Iterator[Table | str]:
    """Return what a look at memory found, for the terminal: profiles, tracks, or sentences."""
    profiles = [one for one in found if isinstance(one, MemoryProfile)]
    tracks = [one for one in found if isinstance(one, MemoryTrack)]
    if profiles:
        yield memory_table(profiles)
    if tracks:
        yield shown(tracks_table(tracks))
    yield from (one for one in found if isinstance(one, str))


def tracks_table(
    tracks: Iterable[MemoryTrack],
    label: Callable[[str, str], str] | None = None,
    raw_bytes: Mapping[str, int] | None = None,
) -> blocks.Table:
    """Return a row per codec with what its calls added to client and server; ``raw_bytes`` are those of payloads."""
    rows = []
    for track in tracks:
        client = track.client_peak_bytes - track.client_before_bytes
        known = track.server_peak_bytes is not None and track.server_before_bytes is not None
        server = (track.server_peak_bytes or 0) - (track.server_before_bytes or 0) if known else None
        times = client / raw if (raw := (raw_bytes or {}).get(track.payload)) else None
        rows.append(
            (
                Cell(track.payload),
                Cell(label(track.payload, track.codec) if label else track.codec),
                Cell(sentences.transport(track.transport)),
                Cell(units.size(track.client_peak_bytes), track.client_peak_bytes),
                Cell(units.size(client), client),
                Cell(units.ratio(times), times),
                Cell(units.size(track.server_peak_bytes), track.server_peak_bytes),
                Cell(units.size(server), server),
                Cell(f"{track.calls:,}", track.calls),
                Cell(f"FAILED: {track.error[:80]}" if track.error else "–", tone="bad" if track.error else "muted"),
            )
        )
    titles = ("payload", "codec", "over", "client's peak", "it added", "added ÷ tensor", "server's peak", "it added ",
              "calls", "error")  # fmt: skip
    caption = "Peaks while calls ran, as the kernel saw them (VmHWM)"
    return blocks.Table("resident-table", caption, columns(*titles, text=3), tuple(rows))
