"""Any two codecs held against each other: times, bytes, memory, flamegraphs. A link keeps the view."""

from __future__ import annotations

from serlab.analysis.answer import decode_case
from serlab.analysis.correlate import BASELINE
from serlab.analysis.stats import FEWEST
from serlab.records.run import Case, Interval
from serlab.report import sentences, units
from serlab.report.blocks import Cell, Comparison, Missing, Section, Table, columns
from serlab.report.source import Source

#: What a comparison's data is called in the page.
KEYS = ("call", "encode", "decode")


def build(source: Source) -> Section:
    """Return the section."""
    carried = codecs(source)
    if not carried:
        return Section("compare", "Compare two codecs", (), (Missing("two codecs to compare", "serlab bench"),))
    said = (
        "Pick a payload and two codecs: what one takes of the other's time, bytes and memory. The page's address keeps "
        "the choice.",
    )
    return Section("compare", "Compare two codecs", said, (Comparison(carried, _table(source, carried)),))


def codecs(source: Source) -> dict[str, tuple[str, ...]]:
    """Return the codecs that can be compared, by payload."""
    found: dict[str, list[str]] = {}
    for pair in source.pairs:
        named = found.setdefault(pair.payload, [])
        named += [name for name in (pair.base, pair.codec) if name not in named]
    order = list(source.data.info.codecs)
    return {payload: tuple(sorted(names, key=order.index)) for payload, names in found.items()}


def data(source: Source) -> dict[str, object]:
    """Return what the page's script needs, as JSON types: figures by payload and codec, and ratios by pair.

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
                **{f"{op}_flame": source.evidence(found.flamegraph) if found else "" for op, found in profiles.items()},
            }
    ratios = [
        [pair.payload, pair.base, pair.codec, *(_numbers(value) for value in (pair.whole, pair.encode, pair.decode))]
        for pair in source.pairs
    ]
    diffs = {}
    for path in sorted((source.folder / "memory").glob("diff--*.html")):
        diffs[path.stem] = source.evidence(f"memory/{path.name}")
    return {
        "baseline": BASELINE,
        "fewest": FEWEST,
        "figures": figures,
        "ratios": ratios,
        "diffs": diffs,
        "run": source.command,
    }


def _numbers(value: Interval | None) -> list[float] | None:
    if value is None:
        return None
    shown = [float(f"{number:.4g}") for number in (value.median, value.low, value.high)]
    return [*shown, value.runs, int(value.is_range)]


def _table(source: Source, carried: dict[str, tuple[str, ...]]) -> Table:
    """Every codec against the baseline: what stands here where no script runs."""
    pairs = {(pair.payload, *sorted((pair.base, pair.codec))): pair for pair in source.pairs}
    rows = []
    for payload, names in carried.items():
        for codec in names:
            pair = pairs.get((payload, *sorted((BASELINE, codec))))
            if pair is None or codec == BASELINE:
                continue
            cells = [Cell(payload), Cell(source.label(payload, codec))]
            for value in (pair.whole, pair.encode, pair.decode):
                shown = value if value is None or pair.base == BASELINE else sentences.turned(value)
                cells.append(Cell(units.ratio_interval(shown), shown.median if shown else None))
            rows.append(tuple(cells))
    whole = "a call" if source.calls else "encode + decode"
    return Table(
        "compare-table",
        f"Time with {BASELINE} ÷ time with each other codec: above 1 it takes less",
        columns("payload", "codec", whole, "encode alone", "decode alone", text=2),
        tuple(rows),
        folded=True,
    )
