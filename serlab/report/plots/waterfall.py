"""The waterfall from one client to the next: whole calls, and what codec and protocol change between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import altair as alt

from serlab.analysis.decompose import Decomposition, Rung
from serlab.records.run import Interval
from serlab.report import sentences
from serlab.report.blocks import Panel
from serlab.report.plots import theme

WHOLE, CODEC, PROTOCOL, BOTH = "whole call", "codec", "protocol", "codec and protocol"
_COLOURS = {WHOLE: theme.GREY, CODEC: theme.ORANGE, PROTOCOL: theme.BLUE, BOTH: theme.PURPLE}


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: its row, its kind, where it begins and ends in seconds, and what it says on hovering."""

    row: str
    kind: str
    start_s: float
    end_s: float
    tip: str


def panels(found: Iterable[Decomposition]) -> tuple[Panel, ...]:
    """Return a panel per payload."""
    return tuple(
        Panel(
            f"waterfall-{one.payload}",
            one.payload,
            f"Mean time of a call with {one.payload} for each client from {one.rungs[0].codec} to "
            f"{one.rungs[-1].codec}, and between them what the codec and the protocol change.",
            _chart(list(steps(one))),
        )
        for one in found
    )


def steps(found: Decomposition) -> Iterator[Step]:
    """Yield the bars from top to bottom: the first client, then each change followed by the client it leads to."""
    at = 0.0
    for number, rung in enumerate(found.rungs):
        if number:
            unsplit = rung.change_s if rung.codec_s is None else None
            for kind, part in ((CODEC, rung.codec_s), (PROTOCOL, rung.protocol_s), (BOTH, unsplit)):
                if part is not None and (kind != PROTOCOL or part.median):
                    yield Step(f"{kind}, step {number}", kind, at, at + part.median, _tip(kind, rung, part))
                    at += part.median
        at = rung.total_s.median
        name = f"{sentences.transport(rung.transport)} {rung.codec}"
        yield Step(name, WHOLE, 0.0, at, f"{name}: {sentences.time(rung.total_s)}")


def _tip(kind: str, rung: Rung, part: Interval) -> str:
    return f"{kind} on the way to {rung.codec}: {sentences.change(part)}"


def _chart(bars: list[Step]) -> theme.Drawing:
    order = [bar.row for bar in bars]
    used = [kind for kind in _COLOURS if any(bar.kind == kind for bar in bars)]
    longest = max(max(bar.start_s, bar.end_s) for bar in bars)
    lowest = min(0.0, *(min(bar.start_s, bar.end_s) for bar in bars))
    base = alt.Chart(
        theme.data(
            [
                {
                    "row": bar.row, "kind": bar.kind, "start": bar.start_s, "end": bar.end_s,
                    "tip": theme.tip(bar.tip),
                }
                for bar in bars
            ]
        )
    )  # fmt: skip
    chart = alt.layer(
        base.mark_bar(height={"band": 0.68}).encode(
            x=alt.X(
                "start:Q",
                scale=alt.Scale(domain=[lowest, longest * 1.02], nice=False, clamp=True),
                axis=alt.Axis(
                    title="mean time of a call", labelExpr=theme.TIME_LABEL, tickCount=4, labelOverlap="greedy"
                ),
            ),
            x2="end:Q",
            y=alt.Y("row:N", sort=order, title=None, scale=alt.Scale(domain=order)),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=used, range=[_COLOURS[kind] for kind in used]),
                legend=alt.Legend(symbolType="square"),
            ),
            description="tip:N",
        )
    )
    return theme.panel(chart, height=theme.rows_height(len(order)))
