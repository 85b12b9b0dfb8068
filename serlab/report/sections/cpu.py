"""CPU: whose time encode and decode take, and how often they copy each byte; from scalene."""

from __future__ import annotations

from serlab.analysis.cpu import copies_per_byte, time_shares
from serlab.records.profiles import CpuProfile, CpuReport, speedscope_path
from serlab.report import units
from serlab.report.blocks import Block, Cell, Figure, Missing, Note, Section, Table, columns
from serlab.report.plots import cpu_profile
from serlab.report.sentences import words
from serlab.report.source import Source

PARTS = {"cpu": CpuReport}


def build(source: Source) -> Section:
    """Return the section."""
    report = source.part("cpu", CpuReport)
    panels = cpu_profile.panels(source)
    if report is None or not panels:
        missing = Missing("CPU profiles", f"serlab cpu {source.command}")
        return Section("cpu", "CPU", ("There is no CPU profile.",), (missing,))
    blocks: list[Block] = [
        Figure(
            "cpu-figure",
            "Python, native code, system",
            "Share of the time sampled while a case ran over and over. Native code is C, C++ or Rust called from "
            "Python; system is wall time in which the process's code did not run: the kernel, and other processes.",
            panels,
            _table(source, report),
            paired=True,
        ),
        Note(
            (
                f"scalene {report.scalene}, {report.started[:16].replace('T', ' ')} UTC. A profiled case runs slower "
                "than a timed one: shares are to be read here, not speed. Copies are calls of memcpy, memmove and "
                "strcpy; what a compiler puts inline is not counted.",
            ),
            tone="muted",
        ),
        _lines(source, report),
    ]
    if report.missing:
        blocks.append(Note(report.missing, "What could not be profiled", "warn"))
    return Section("cpu", "CPU", _conclusion(source, report), tuple(blocks))


def _conclusion(source: Source, report: CpuReport) -> tuple[str, ...]:
    split = {profile: found for profile in report.profiles if (found := time_shares(profile))}
    lines = []
    if split:
        most = max(split, key=lambda profile: split[profile].python)
        lines.append(
            f"Python's own code takes at most {units.percent(split[most].python)} "
            f"(±{100 * split[most].margin:.0f} points) of a case's time, in {_subject(source, most).lower()}; the rest "
            "is native code and the system."
        )
    copies = {profile: known for profile in report.profiles if (known := copies_per_byte(profile)) and known.runs}
    if copies:
        busy = max(copies, key=lambda profile: copies[profile].median)
        lean = min(copies, key=lambda profile: copies[profile].median)
        lines.append(
            f"{_subject(source, busy)} copies {units.ratio_interval(copies[busy])} its payload's bytes, "
            f"{_subject(source, lean).lower()} {units.ratio_interval(copies[lean])}."
        )
    return tuple(lines)


def _subject(source: Source, profile: CpuProfile) -> str:
    case = profile.case
    form = f" ({case.form})" if case.form else ""
    return f"{case.op.capitalize()} {source.label(case.payload, case.codec)}{form}"


def _table(source: Source, report: CpuReport) -> Table:
    rows = []
    for profile in report.profiles:
        shares, copies, case = time_shares(profile), copies_per_byte(profile), profile.case
        parts = (shares.python, shares.native, shares.system) if shares else (None, None, None)
        scope = source.evidence(speedscope_path(profile.profile))
        exactness = source.view.exactness(case.payload, case.codec)
        rows.append(
            (
                Cell(case.payload),
                Cell(source.label(case.payload, case.codec) + (f", {case.form}" if case.form else "")),
                Cell(case.op),
                *(Cell(units.percent(part), part) for part in parts),
                Cell(f"±{100 * shares.margin:.0f}" if shares else "–", shares.margin if shares else None),
                Cell(f"{profile.copy_mb_s:,.0f}", profile.copy_mb_s),
                Cell(units.ratio_interval(copies), copies.median if copies else None),
                Cell(f"{profile.calls:,}", profile.calls),
                Cell(words(exactness), tone="plain" if exactness and exactness.exact else "bad"),
                Cell("file" if scope else "–", href=scope, tone="plain" if scope else "muted"),
            )
        )
    return Table(
        "cpu-table",
        "CPU time and copies of every profiled case, from scalene",
        columns(
            "payload", "codec", "op", "Python", "native", "system", "margin", "copied, MiB/s",
            "copies per payload byte", "calls", "values", "speedscope", text=3,
            hints={"margin": "points: half a 95 % interval that the number of samples leaves"},
        ),
        tuple(rows),
    )  # fmt: skip


def _lines(source: Source, report: CpuReport) -> Table:
    rows = []
    for profile in report.profiles:
        case = profile.case
        for line in profile.top:
            percent = line.python_percent + line.native_percent + line.system_percent
            whole = profile.python_percent + profile.native_percent + profile.system_percent
            share = percent / whole if whole else None
            rows.append(
                (
                    Cell(case.payload),
                    Cell(source.label(case.payload, case.codec) + (f", {case.form}" if case.form else "")),
                    Cell(case.op),
                    Cell(f"{line.file}:{line.line}"),
                    Cell(line.code),
                    Cell(units.percent(share), share),
                    Cell(f"{line.copy_mb_s:,.0f}", line.copy_mb_s),
                )
            )
    return Table(
        "cpu-lines-table",
        "The lines where the time goes",
        columns("payload", "codec", "op", "line", "code", "of the case's time", "copied, MiB/s", text=5),
        tuple(rows),
        folded=True,
    )
