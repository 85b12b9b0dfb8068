"""Any two codecs held against each other: times, bytes, memory, flamegraphs. A link keeps the view."""

from __future__ import annotations

from collections.abc import Iterator

from serlab.analysis.answer import decode_case
from serlab.analysis.view import FLOOR
from serlab.records.profiles import CpuReport, speedscope_path
from serlab.records.run import Case, Interval
from serlab.report import flames, units
from serlab.report.blocks import Cell, Comparison, Missing, Section, Table, columns
from serlab.report.source import Source


def build(source: Source) -> Section:
    """Return the section."""
    carried = codecs(source)
    if not carried:
        return Section("compare", "Compare two codecs", (), (Missing("two codecs to compare", "serlab bench"),))
    said = (
        "Pick a payload and two codecs: what one takes of the other's time, bytes and memory, and where that goes. "
        "The page's address keeps the choice.",
    )
    return Section("compare", "Compare two codecs", said, (Comparison(carried, _table(source, carried)),))


def codecs(source: Source) -> dict[str, tuple[str, ...]]:
    """Return the codecs that can be compared, by payload."""
    profiled = [(one.case.payload, one.case.codec) for one in source.data.memory if one.stacks]
    weighed = [(pair.payload, name) for pair in source.pairs for name in (pair.base, pair.codec)]
    order = list(source.data.info.codecs)
    found = {}
    for one in source.payloads:
        names = {codec for payload, codec in (*weighed, *profiled) if payload == one.name}
        if names:
            found[one.name] = tuple(sorted(names, key=order.index))
    return found


def usual(source: Source) -> dict[str, tuple[str, str]]:
    """Return by payload what a reader most likely asks: the codec used now against the answer's best way.

    The floor is no way to send anything. Where the answer is the codec used now, the runner-up stands beside it.
    """
    found = {}
    for payload, names in codecs(source).items():
        real = [name for name in names if name != FLOOR] or list(names)
        base = source.baseline if source.baseline in real else real[0]
        chosen = sorted((one for one in source.choices if one.payload == payload), key=lambda one: one.time_s.median)
        ranked = [*(one.codec for one in chosen), *(other for one in chosen for other in one.ties), *reversed(real)]
        found[payload] = base, next((name for name in ranked if name != base and name in names), base)
    return found


def data(source: Source) -> dict[str, object]:
    """Return what the page's script needs, as JSON types: figures by payload and codec, ratios by payload and pair.

    A ratio is ``[median, low, high, runs, is_range]`` of base ÷ codec; seconds and bytes are numbers, links relative
    to the page.
    """
    figures: dict[str, dict[str, dict[str, object]]] = {}
    calls = {(one.payload, one.codec): one for one in source.calls}
    for payload, names in codecs(source).items():
        for codec in names:
            one = calls.get((payload, codec))
            sides = {"encode": Case(payload, codec, "encode"), "decode": decode_case(source.view, payload, codec)}
            profiles = {op: source.view.memory.get(case) for op, case in sides.items()}
            figures.setdefault(payload, {})[codec] = {
                "call": one.mean_total_s if one else None,
                "stages": [one.encode_s, one.exchange_s, one.decode_s] if one else None,
                "request": source.view.body_bytes(sides["encode"]),
                "response": source.view.body_bytes(sides["decode"]),
                **{op: time.median if (time := source.times.get(case)) else None for op, case in sides.items()},
                **{f"{op}_peak": found.peak_bytes if found else None for op, found in profiles.items()},
                "files": {op: list(_files(source, case)) for op, case in sides.items()},
            }
    ratios: dict[str, dict[str, dict[str, object]]] = {}
    for pair in source.pairs:
        found = [_numbers(value) for value in (pair.whole, pair.encode, pair.decode)]
        ratios.setdefault(pair.payload, {}).setdefault(pair.base, {})[pair.codec] = found
    diffs = {}
    for path in sorted((source.folder / "memory").glob("diff--*.html")):
        diffs[path.stem] = source.evidence(f"memory/{path.name}")
    return {
        "baseline": source.baseline,
        "usual": usual(source),
        "weighed": source.view.measured,
        "figures": figures,
        "ratios": ratios,
        "diffs": diffs,
        "flames": flames.data(source),
        "run": source.command,
    }


def _files(source: Source, case: Case) -> Iterator[tuple[str, str]]:
    """Yield the profiles of a case that are files beside the page: what they are, and links."""
    profile = source.view.memory.get(case)
    report = source.part("cpu", CpuReport)
    found: dict[str, str] = {}
    if profile:
        found = {"memory flamegraph": profile.flamegraph, "memory in speedscope": speedscope_path(profile.capture)}
    for one in report.profiles if report else ():
        if one.case == case:
            found["CPU profile"] = one.page
            found["CPU in speedscope"] = speedscope_path(one.profile)
    for text, path in found.items():
        if link := source.evidence(path):
            yield text, link


def _numbers(value: Interval | None) -> list[float] | None:
    if value is None:
        return None
    shown = [float(f"{number:.4g}") for number in (value.median, value.low, value.high)]
    return [*shown, value.runs, int(value.is_range)]


def _table(source: Source, carried: dict[str, tuple[str, ...]]) -> Table:
    """Every codec against the baseline: what stands here where no script runs."""
    rows = []
    for payload, names in carried.items():
        for codec in names:
            pair = source.pair(payload, source.baseline, codec)
            if pair is None:
                continue
            cells = [Cell(payload), Cell(source.label(payload, codec))]
            for value in (pair.whole, pair.encode, pair.decode):
                cells.append(Cell(units.ratio_interval(value), value.median if value else None))
            rows.append(tuple(cells))
    whole = "a call" if source.calls else "encode + decode"
    return Table(
        "compare-table",
        f"Time with {source.baseline} ÷ time with each other codec: above 1 it takes less",
        columns("payload", "codec", whole, "encode alone", "decode alone", text=2),
        tuple(rows),
        folded=True,
    )
