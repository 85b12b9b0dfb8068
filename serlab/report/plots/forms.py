"""Two forms that several plots take: dots with intervals, and stacked bars; one row per codec or case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from serlab.records.run import Interval
from serlab.report.plots import theme


@dataclass(frozen=True, slots=True)
class Dot:
    """One dot: its row, its series, where it is, and what it says on hovering."""

    row: str
    series: str
    at: Interval
    tip: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One segment of a stacked bar."""

    row: str
    series: str
    length: float
    tip: str


@dataclass(frozen=True, slots=True)
class Series:
    """What a dot's or a segment's series looks like."""

    colour: str
    shape: str = "circle"


def log_dots(
    dots: Sequence[Dot],
    series: Mapping[str, Series],
    order: Sequence[str],
    *,
    title: str,
    marks: Sequence[tuple[str, float]] = (),
    notes: Mapping[str, str] | None = None,
) -> theme.Drawing:
    """Return dots with intervals on a logarithmic time scale, one row per name in ``order``.

    ``marks`` are vertical lines (series, seconds). ``notes`` are words in rows that have no dots. An interval that
    reaches 0, as CPU time counted in ticks of a clock can, begins at the scale's end.
    """
    ends = [end for dot in dots for end in (dot.at.low, dot.at.median)] + [at for _, at in marks]
    low = min(end for end in ends if end > 0)
    high = max([dot.at.high for dot in dots] + [at for _, at in marks])
    scale = theme.log_scale(low, high)
    used = [name for name in series if any(dot.series == name for dot in dots)]
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=used, range=[series[name].colour for name in used]),
        legend=theme.legend(used, order) if len(used) > 1 else None,
    )
    shape = alt.Shape(
        "series:N",
        scale=alt.Scale(domain=used, range=[series[name].shape for name in used]),
        legend=theme.legend(used, order) if len(used) > 1 else None,
    )
    y = alt.Y("row:N", sort=list(order), title=None, scale=alt.Scale(domain=list(order)), axis=alt.Axis(grid=True))
    x = alt.X("at:Q", scale=scale, axis=theme.time_axis(title, low, high))
    base = alt.Chart(
        theme.data(
            [
                {
                    "row": dot.row, "series": dot.series, "at": dot.at.median, "low": max(low, dot.at.low),
                    "high": dot.at.high, "tip": theme.tip(dot.tip),
                }
                for dot in dots
            ]
        )
    )  # fmt: skip
    layers: list[alt.Chart] = []
    if marks:
        floor = alt.Chart(theme.data([{"series": name, "at": at} for name, at in marks]))
        layers.append(
            floor.mark_rule(strokeDash=list(theme.DOTTED), strokeWidth=1.5).encode(x=x, color=colour)
        )  # fmt: skip
    layers.append(base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y, color=colour))
    layers.append(
        base.mark_point(filled=True, size=58, opacity=1).encode(
            x=x, y=y, color=colour, shape=shape, description="tip:N"
        )
    )
    if notes:
        said = alt.Chart(theme.data([{"row": row, "note": note} for row, note in notes.items()]))
        layers.append(
            said.mark_text(align="left", dx=4, color=theme.MUTED, limit=150).encode(
                y=y, text="note:N", x=alt.value(0)
            )
        )  # fmt: skip
    return alt.layer(*layers)


#: A scale goes on by this factor where words stand after its bars.
_WORDS_AIR = 1.45


def stacked_bars(
    bars: Sequence[Bar],
    series: Mapping[str, Series],
    order: Sequence[str],
    *,
    title: str,
    label: str,
    whole: float | None = None,
    ends: Mapping[str, str] | None = None,
) -> theme.Drawing:
    """Return stacked bars from zero, one row per name in ``order``; ``label`` is the expression of tick labels.

    ``whole`` ends the scale: 1 for shares. ``ends`` are words after the bars of rows.
    """
    used = [name for name in series if any(bar.series == name for bar in bars)]
    totals: dict[str, float] = {}
    for bar in bars:
        totals[bar.row] = totals.get(bar.row, 0.0) + bar.length
    air = _WORDS_AIR if ends else 1.02
    domain = [0, whole if whole is not None else max(totals.values(), default=1.0) * air]
    base = alt.Chart(
        theme.data(
            [
                {
                    "row": bar.row, "series": bar.series, "length": bar.length, "order": used.index(bar.series),
                    "tip": theme.tip(bar.tip),
                }
                for bar in bars
            ]
        )
    )  # fmt: skip
    y = alt.Y("row:N", sort=list(order), title=None, scale=alt.Scale(domain=list(order)))
    said = [{"row": row, "at": totals.get(row, 0.0), "text": text} for row, text in (ends or {}).items()]
    words = alt.Chart(theme.data(said)).mark_text(align="left", dx=4, color=theme.MUTED, fontSize=11)
    return alt.layer(
        base.mark_bar(height={"band": 0.68}).encode(
            x=alt.X(
                "length:Q",
                stack="zero",
                scale=alt.Scale(domain=domain, nice=False, clamp=True),
                axis=alt.Axis(title=title, labelExpr=label, tickCount=3 if ends else 4),
            ),
            y=y,
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=used, range=[series[name].colour for name in used]),
                legend=theme.legend(used, order, symbolType="square") if len(used) > 1 else None,
            ),
            order="order:Q",
            description="tip:N",
        ),
        *([words.encode(x="at:Q", y=y, text="text:N")] if said else []),
    )
