"""A run on one screen: the answer, then a table of the columns that matter, never wider than the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from serlab.analysis.answer import contenders, decode_case
from serlab.analysis.pairs import Pair
from serlab.analysis.stats import resolvable
from serlab.analysis.view import FLOOR
from serlab.records.run import Case, Interval
from serlab.report import answer_words, sentences, units
from serlab.report.blocks import Fact, plain
from serlab.report.origin import origin, origin_lines, rounds_text
from serlab.report.source import Source, alteration
from serlab.report.tables.console import plain_table

#: Rows that fit a screen beside the answer; with more codecs × payloads only the best of each transport are shown.
ROWS = 24
#: Columns after the codec's name, and the order in which they go where a terminal is too narrow.
COLUMNS = ("time", "against", "encode", "decode", "request", "peak ÷ raw", "values")
_GOES = ("decode", "encode", "request", "peak ÷ raw", "against", "values")


@dataclass(frozen=True, slots=True)
class Row:
    """One payload × codec with its cells by column."""

    payload: str
    codec: str
    cells: dict[str, str]


def print_screen(source: Source, console: Console) -> None:
    """Print the answer and its table; ``--wide`` prints everything.

    Each answer says which server its figures are of, so that nothing more need be said above them.
    """
    info = source.data.info
    about = (f"run {info.name}", f"profile {info.profile}", rounds_text(info.rounds))
    where = [origin(info.instance, info)] if source.choices else origin_lines(info.instance, info)
    for line in (", ".join(filter(None, about)), *where):
        console.print(Text(line, style="dim"))
    console.print("")
    if source.choices:
        console.print(Text(plain(answer_words.headline(source)), style="bold"))
    minded = (Fact("Mind", text, "warn") for text in answer_words.remarks(source))
    for fact in (*answer_words.facts(source), *minded) if source.choices else ():
        name = fact.name if fact.name.endswith("?") else f"{fact.name}:"
        console.print(Text.assemble((name, "yellow" if fact.tone == "warn" else "dim"), " ", plain(fact.answer)))
    rows = list(_rows(source))
    # With calls beside them, steps timed apart say so: within a call they take longer.
    steps = {"encode": "encode alone", "decode": "decode alone"} if source.calls else {}
    whole = {"time": "call" if source.calls else "encode + decode", "against": f"against {source.baseline}"}
    headings = {**whole, **steps}
    if rows:
        console.print(_fitting(rows, console.width, headings))
    for line in _end(source):
        console.print(Text(line))


def _rows(source: Source) -> Iterator[Row]:
    chosen = {(choice.payload, choice.codec) for choice in source.choices}
    found = {payload.name: contenders(source.view, payload.name) for payload in source.payloads}
    few = sum(map(len, found.values())) <= ROWS
    for payload, carried in found.items():
        for contender in carried:
            if few or contender.codec == source.baseline or (payload, contender.codec) in chosen:
                yield Row(payload, contender.codec, _cells(source, payload, contender.codec))


def _cells(source: Source, payload: str, codec: str) -> dict[str, str]:
    view = source.view
    encode, decode = Case(payload, codec, "encode"), decode_case(view, payload, codec)
    peaks = [
        one.peak_bytes / one.raw_bytes for case in (encode, decode) if (one := view.memory.get(case)) and one.raw_bytes
    ]
    call = next((one.median_s for one in source.calls if (one.payload, one.codec) == (payload, codec)), None)
    times = [source.times[case].median for case in (encode, decode) if case in source.times]
    whole = _time(call) if call else units.seconds(sum(times)) if times else units.NOT_MEASURED
    exactness = view.answered(payload, codec) if view.calls_a_model and source.calls else view.exactness(payload, codec)
    return {
        "time": whole,
        "against": _against(source.pair(payload, source.baseline, codec)),
        "encode": _time(source.times.get(encode)),
        "decode": _time(source.times.get(decode)),
        "request": units.size(view.body_bytes(encode)),
        "peak ÷ raw": units.ratio(max(peaks, default=None)),
        "values": alteration(exactness).strip(" ()") or sentences.words(exactness),
    }


def _time(value: Interval | None) -> str:
    """Return a time as a narrow column bears it: of a range, that it is one."""
    if value is None or not value.is_range or value.runs < 2:
        return units.seconds_interval(value)
    return f"{units.seconds(value.median, units.carried(value))} (range)"


def _against(pair: Pair | None) -> str:
    value = pair.whole if pair else None
    if value is None:
        return units.NOT_MEASURED
    if value.is_range:
        return f"{units.ratio(value.median, units.carried(value))}, no verdict"
    if value.spans(1.0):
        least = resolvable(value)
        return f"too close (±{units.difference(least)})" if least else "too close"
    shown = value if value.median >= 1 else sentences.turned(value)
    return f"{units.ratio(shown.median, units.carried(shown))} {'less' if value.median >= 1 else 'more'}"


def _fitting(rows: Sequence[Row], width: int, headings: Mapping[str, str]) -> Table:
    """Return the table with as many columns as fit ``width``; a column without figures is left out."""
    shown = [name for name in COLUMNS if any(row.cells[name] != units.NOT_MEASURED for row in rows)]
    needed = {name: 2 + max(map(len, (headings.get(name, name), *(row.cells[name] for row in rows)))) for name in shown}
    several = len({row.payload for row in rows}) > 1
    room = width - max(max(len(row.payload), 2 * several + len(row.codec)) for row in rows)
    for goes in _GOES:
        if sum(needed[name] for name in shown) > room and goes in shown:
            shown.remove(goes)
    table = plain_table("", ("" if several else rows[0].payload, *(headings.get(name, name) for name in shown)))
    for payload, here in groupby(rows, lambda row: row.payload):
        if several:
            table.add_row(Text(payload, style="bold"))
        for row in here:
            table.add_row("  " * several + row.codec, *(row.cells[name] for name in shown))
    return table


def _end(source: Source) -> Iterator[str]:
    info = source.data.info
    if not source.choices and any(codec != FLOOR for codec in info.codecs):
        yield "Nothing was timed or called in this run."
    if not info.finished:
        yield f"This run is not finished: {info.next_command()}"
    yield f"everything: serlab summary {info.name} --wide"
    yield f"as a page:  serlab report {info.name} --open"
