"""What the page draws flamegraphs of: the ways through the code that held memory or took CPU time, case by case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from serlab.analysis.cpu import time_by_line
from serlab.records.profiles import CpuProfile, CpuReport
from serlab.records.run import Case, MemoryStack
from serlab.report.source import Source

#: What is measured, as it is called in the page: bytes held at the peak, and seconds of a profiled call.
MEMORY, CPU = "memory", "CPU"

Stack = tuple[tuple[str, ...], float]


def data(source: Source) -> dict[str, object]:
    """Return the flamegraphs of a run for its page."""
    return as_data(_all(source))


def as_data(found: Iterable[tuple[str, Iterable[Stack]]]) -> dict[str, object]:
    """Return JSON types: the names of all frames once, and by case what its flamegraph is made of.

    That is for every stack the numbers of its frames, from the outside inwards, and then its weight: bytes or seconds.
    """
    names: dict[str, int] = {}
    cases: dict[str, list[object]] = {}
    for case, stacks in found:
        cases[case] = [
            part
            for frames, weight in stacks
            for part in ([names.setdefault(frame, len(names)) for frame in frames], _short(weight))
        ]
    return {"frames": list(names), "cases": cases}


def _short(weight: float) -> float:
    number = float(f"{weight:.4g}")
    return int(number) if number.is_integer() else number


def key(kind: str, case: Case, form: str) -> str:
    """Return what a case's flamegraph is called in the data; ``form`` is the one in which gRPC calls are answered."""
    other = f" ({case.form})" if case.form and case.form != form else ""
    return f"{kind}|{case.op}{other}|{case.payload}|{case.codec}"


def of_case(source: Source, case: Case) -> str:
    """Return a link to the flamegraph that the report itself draws: the comparison of a codec with itself."""
    return link(source, case.payload, case.codec, case.codec)


def link(source: Source, payload: str, base: str, codec: str) -> str:
    """Return a link to the report's comparison of two codecs, "" where another page has no report beside it."""
    page = "" if source.base == "./" else source.evidence("report.html")
    if source.base != "./" and not page:
        return ""
    chosen = {"of": codec} if base == codec else {"from": base, "to": codec}
    return f"{page}#compare?{urlencode({'payload': payload, **chosen})}"


def _all(source: Source) -> Iterator[tuple[str, Iterable[Stack]]]:
    for profile in source.data.memory:
        if profile.stacks:
            yield key(MEMORY, profile.case, source.form), held(profile.stacks)
    report = source.part("cpu", CpuReport)
    for found in report.profiles if report else ():
        if found.calls:
            yield key(CPU, found.case, source.form), _per_call(found)


def held(stacks: Iterable[MemoryStack]) -> Iterator[Stack]:
    """Yield what held the peak, in bytes."""
    for stack in stacks:
        yield stack.frames, stack.bytes


def _per_call(profile: CpuProfile) -> Iterator[Stack]:
    """Yield seconds of one profiled call, by line and whose time it was there."""
    for line, kind, seconds in time_by_line(profile):
        place = (f"{line.file}:{line.line} {line.code}".rstrip(), kind) if line else (kind,)
        yield place, seconds / profile.calls
