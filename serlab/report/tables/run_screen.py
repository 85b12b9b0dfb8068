"""A run on one screen: the answer, then a table of the columns that matter, never wider than the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from serlab.analysis.answer import contenders, decode_case
from serlab.analysis.correlate import BASELINE
from serlab.analysis.pairs import Pair
from serlab.analysis.stats import resolvable
from serlab.analysis.view import FLOOR
from serlab.records.run import Case, Interval
from serlab.report import answer_words, sentences, units
from serlab.report.blocks import plain
from serlab.report.origin import origin_lines, rounds_text
from serlab.report.source import Source, alteration
from serlab.report.tables.console import plain_table

#: Rows that fit a screen beside the answer; with more codecs × payloads only the best of each transport are shown.
ROWS = 24
#: Columns after the codec's name, and the order in which they go where a terminal is too narrow.
COLUMNS = ("time", "against json", "encode", "decode", "request", "peak ÷ raw", "values")
_GOES = ("decode", "encode", "request", "peak ÷ raw", "against json", "values")


@dataclass(frozen=True, slots=True)
class Row:
    """One payload × codec with its cells by column."""

    payload: str
    codec: str
    cells: dict[str, str]


def print_screen(source: Source, console: Console) -> None:
    """Print the answer and its table; ``--wide`` prints everything."""
    info = source.data.info
    about = (f"run {info.name}", f"profile {info.profile}", rounds_text(info.rounds))
    for line in (", ".join(filter(None, about)), *origin_lines(info.instance, info)):
        console.print(Text(line, style="dim"))
    console.print("")
    for number, sentence in enumerate(answer_words.headline(source) if source.choices else ()):
        console.print(Text(plain(sentence), style="" if number else "bold"))
    for name, text, tone in answer_words.facts(source) if source.choices else ():
        if name != "Asked":
            console.print(Text.assemble((f"{name}: ", "yellow" if tone == "warn" else "dim"), plain(text)))
    rows = list(_rows(source))
    if rows:
        console.print(_fitting(rows, console.width, "call" if source.calls else "encode + decode"))
    for line in _end(source):
        console.print(Text(line))


def _rows(source: Source) -> Iterator[Row]:
    chosen = {(choice.payload, choice.codec) for choice in source.choices}
    found = {payload.name: contenders(source.view, payload.name) for payload in source.payloads}
    few = sum(map(len, found.values())) <= ROWS
    pairs = {(pair.payload, pair.base, pair.codec): pair for pair in source.pairs}
    for payload, carried in found.items():
        for contender in carried:
            if few or contender.codec == BASELINE or (payload, contender.codec) in chosen:
                yield Row(payload, contender.codec, _cells(source, pairs, payload, contender.codec))


def _cells(source: Source, pairs: dict[tuple[str, str, str], Pair], payload: str, codec: str) -> dict[str, str]:
    view = source.view
    encode, decode = Case(payload, codec, "encode"), decode_case(view, payload, codec)
    profile = view.memory.get(encode)
    call = next((one.median_s for one in source.calls if (one.payload, one.codec) == (payload, codec)), None)
    times = [source.times[case].median for case in (encode, decode) if case in source.times]
    whole = _time(call) if call else units.seconds(sum(times)) if times else units.NOT_MEASURED
    exactness = view.answered(payload, codec) if view.calls_a_model and source.calls else view.exactness(payload, codec)
    return {
        "time": whole,
        "against json": _against(pairs, payload, codec),
        "encode": _time(source.times.get(encode)),
        "decode": _time(source.times.get(decode)),
        "request": units.size(view.body_bytes(encode)),
        "peak ÷ raw": units.ratio(profile.peak_bytes / profile.raw_bytes if profile and profile.raw_bytes else None),
        "values": alteration(exactness).strip(" ()") or sentences.words(exactness),
    }


def _time(value: Interval | None) -> str:
    """Return a time as a narrow column bears it: of a range, that it is one."""
    if value is None or not value.is_range:
        return units.seconds_interval(value)
    return f"{units.seconds(value.median, units.carried(value))} (range)"


def _against(pairs: dict[tuple[str, str, str], Pair], payload: str, codec: str) -> str:
    value: Interval | None = None
    if (payload, BASELINE, codec) in pairs:
        value = pairs[payload, BASELINE, codec].whole
    elif (turned := pairs.get((payload, codec, BASELINE))) and turned.whole:
        value = sentences.turned(turned.whole)
    if value is None:
        return units.NOT_MEASURED
    if value.is_range:
        return f"{units.ratio(value.median, units.carried(value))}, no verdict"
    if value.spans(1.0):
        least = resolvable(value)
        return f"within ±{100 * least:.2g} %: too close to call" if least else "too close to call"
    shown = value if value.median >= 1 else sentences.turned(value)
    return f"{units.ratio(shown.median, units.carried(shown))} {'less' if value.median >= 1 else 'more'}"


def _fitting(rows: Sequence[Row], width: int, whole: str) -> Table:
    """Return the table with as many columns as fit ``width``; a column without figures is left out."""
    shown = [name for name in COLUMNS if any(row.cells[name] != units.NOT_MEASURED for row in rows)]
    for goes in ("", *_GOES):
        shown = [name for name in shown if name != goes]
        names = {name: [name if name != "time" else whole, *(row.cells[name] for row in rows)] for name in shown}
        needed = max(len(row.payload) + 1 + len(row.codec) for row in rows)
        needed += sum(2 + max(map(len, column)) for column in names.values())
        if needed <= width:
            break
    table = plain_table("", ("", *(whole if name == "time" else name for name in shown)))
    for row in rows:
        table.add_row(f"{row.payload} {row.codec}", *(row.cells[name] for name in shown))
    return table


def _end(source: Source) -> Iterator[str]:
    info = source.data.info
    if not source.choices and any(codec != FLOOR for codec in info.codecs):
        yield "Nothing was timed or called in this run."
    if not info.finished:
        yield "This run was interrupted: go on with serlab bench --resume"
    yield f"Everything: serlab summary {info.name} --wide; as a page: serlab report {info.name} --open"
