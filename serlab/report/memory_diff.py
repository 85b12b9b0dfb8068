"""Where the bytes went: the frames that held memory at the peaks of two codecs, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from serlab.records.run import Case, MemoryFrame, MemoryStack
from serlab.report import flames, units
from serlab.report.blocks import Cell, Column, Figure, Flame, Panel, Section, Table
from serlab.report.page import Page, as_data, origin_facts, render_page
from serlab.report.plots import theme
from serlab.report.plots.forms import Bar, Series, stacked_bars
from serlab.report.source import Source

#: A bar is drawn for at most so many of a side's frames, if it would be seen at all; the table has all of them.
DRAWN = 8
SEEN_SHARE = 0.005
_SERIES = {"held at the peak": Series(theme.BLUE)}


@dataclass(frozen=True, slots=True)
class Side:
    """One codec's case with everything that held memory at its peak, largest first."""

    case: Case
    frames: tuple[MemoryFrame, ...]
    stacks: tuple[MemoryStack, ...] = ()

    @property
    def peak_bytes(self) -> int:
        """All that was held."""
        return sum(frame.bytes for frame in self.frames)


def render(source: Source, pairs: Sequence[tuple[Side, Side]], raw_bytes: int) -> str:
    """Return the page that compares two codecs; ``pairs`` has a pair per op. It lies in the folder of the captures."""
    first, second = pairs[0]
    payload = first.case.payload
    return render_page(
        source,
        Page(
            "memory",
            f"serlab memory: {first.case.codec} against {second.case.codec}",
            f"Where the bytes of {payload} went: {first.case.codec} against {second.case.codec}",
            tuple(_section(source, pair, raw_bytes) for pair in pairs),
            origin_facts(source),
            back=("All cases side by side", "./index.html"),
            data=as_data({"flames": flames.as_data(_stacks(pairs))}),
        ),
    )


def _stacks(pairs: Sequence[tuple[Side, Side]]) -> Iterator[tuple[str, Iterator[flames.Stack]]]:
    for side in (side for pair in pairs for side in pair):
        yield flames.key(flames.MEMORY, side.case, side.case.form or ""), flames.held(side.stacks)


def sentence(pair: tuple[Side, Side], raw_bytes: int) -> str:
    """Return the comparison in words: both peaks, the difference, and the frame that makes the most of it."""
    first, second = pair
    more, less = (first, second) if first.peak_bytes >= second.peak_bytes else (second, first)
    text = (
        f"{more.case.op.capitalize()} with {more.case.codec} peaks at {units.size(more.peak_bytes)} "
        f"({units.ratio(more.peak_bytes / raw_bytes)} the tensor), with {less.case.codec} at "
        f"{units.size(less.peak_bytes)} ({units.ratio(less.peak_bytes / raw_bytes)}): "
        f"{units.size(more.peak_bytes - less.peak_bytes)} more."
    )
    top = next(iter(more.frames), None)
    return text + (f" {units.size(top.bytes)} of its peak are held in {_place(top)}." if top else "")


def differences(pair: tuple[Side, Side]) -> list[tuple[str, int, int]]:
    """Return (frame, bytes of the first, bytes of the second), the largest difference first."""
    sides = [{_place(frame): frame.bytes for frame in side.frames} for side in pair]
    places = dict.fromkeys([*sides[0], *sides[1]])
    found = [(place, sides[0].get(place, 0), sides[1].get(place, 0)) for place in places]
    return sorted(found, key=lambda row: abs(row[1] - row[2]), reverse=True)


def _place(frame: MemoryFrame) -> str:
    return f"{frame.function} ({frame.file}:{frame.line})" if frame.file else frame.function


def _section(source: Source, pair: tuple[Side, Side], raw_bytes: int) -> Section:
    op = pair[0].case.op
    whole = max(side.peak_bytes for side in pair) / raw_bytes * 1.02 or 1.0
    figure = Figure(
        f"diff-{op}",
        "What held the peak",
        "Memory at the peak ÷ tensor by the line of Python that asked for it, on one scale; the rest is in the table.",
        tuple(_panel(source, side, raw_bytes, whole) for side in pair),
        paired=True,
    )
    drawn = Flame(op, pair[0].case.payload, *(side.case.codec for side in pair))
    return Section(op, op.capitalize(), (sentence(pair, raw_bytes),), (drawn, figure, _table(pair)), folded=False)


def _panel(source: Source, side: Side, raw_bytes: int, whole: float) -> Panel:
    drawn = [frame for frame in side.frames if frame.bytes >= SEEN_SHARE * whole * raw_bytes][:DRAWN]
    # The last name of a path tells a row apart within the room that there is.
    rows = [f"{frame.function} ({frame.file.rpartition('/')[2]}:{frame.line})" for frame in drawn]
    bars = [
        Bar(row, "held at the peak", frame.bytes / raw_bytes, f"{_place(frame)}: {units.size(frame.bytes)}")
        for row, frame in zip(rows, drawn, strict=True)
    ]
    label = source.label(side.case.payload, side.case.codec)
    chart = stacked_bars(bars, _SERIES, list(dict.fromkeys(rows)), title="held ÷ tensor", label=theme.TIMES_LABEL,
                         whole=whole)  # fmt: skip
    return Panel(
        f"diff-{side.case.op}-{side.case.codec}",
        f"{label}: {units.size(side.peak_bytes)}",
        f"What held memory at the peak of {side.case.id}, a bar per line of source.",
        theme.panel(chart, height=theme.rows_height(len(set(rows)))),
    )


def _table(pair: tuple[Side, Side]) -> Table:
    first, second = (side.case.codec for side in pair)
    rows = tuple(
        (
            Cell(place),
            Cell(f"{one:,}" if one else "–", one),
            Cell(f"{two:,}" if two else "–", two),
            Cell(f"{two - one:+,}", two - one),
        )
        for place, one, two in differences(pair)
    )
    titles = (("held in", False), (f"{first}, B", True), (f"{second}, B", True), ("difference, B", True))
    return Table(
        f"diff-table-{pair[0].case.op}",
        f"Bytes held at the peak by line of source, {first} and {second}",
        tuple(Column(title, numeric) for title, numeric in titles),
        rows,
    )
