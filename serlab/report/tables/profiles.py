"""Profiles on the terminal: CPU shares and copies, memory peaks, and where the bytes of two codecs went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table

from serlab.analysis.cpu import copies_per_byte, time_shares
from serlab.records.profiles import CpuReport, MemoryTrack
from serlab.records.run import MemoryProfile
from serlab.report import units
from serlab.report.sentences import copy_factor, frame_words
from serlab.report.tables.console import plain_table


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
            frame_words(profile.top[0]) if profile.top else units.NOT_MEASURED,
        )
    return table


def found_lines(found: Sequence[MemoryProfile | MemoryTrack | str]) -> Iterator[Table | str]:
    """Return what a look at memory found, for the terminal: profiles, tracks, or sentences."""
    profiles = [one for one in found if isinstance(one, MemoryProfile)]
    tracks = [one for one in found if isinstance(one, MemoryTrack)]
    if profiles:
        yield memory_table(profiles)
    if tracks:
        yield tracks_table(tracks)
    yield from (one for one in found if isinstance(one, str))


def tracks_table(tracks: Iterable[MemoryTrack]) -> Table:
    """Return a row per codec with what its calls added to client and server."""
    columns = ("call", "client's peak", "it added", "server's peak", "it added", "calls", "error")
    table = plain_table("", columns, words=columns[-1:])
    for track in tracks:
        server = None
        if track.server_peak_bytes is not None and track.server_before_bytes is not None:
            server = track.server_peak_bytes - track.server_before_bytes
        table.add_row(
            f"{track.payload} {track.codec} ({track.transport})",
            units.size(track.client_peak_bytes),
            units.size(track.client_peak_bytes - track.client_before_bytes),
            units.size(track.server_peak_bytes),
            units.size(server),
            f"{track.calls:,}",
            track.error[:60],
        )
    return table
