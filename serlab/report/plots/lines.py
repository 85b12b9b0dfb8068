"""Lines per codec with the codec's own colour, dash and marks: the form of every plot over a continuous axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from serlab.report.plots import theme


@dataclass(frozen=True, slots=True)
class Line:
    """A codec's line: its label in the legend, and its points with what each says on hovering ("" for nothing)."""

    codec: str
    label: str
    points: tuple[tuple[float, float, str], ...]


def chart(
    lines: Sequence[Line], x: alt.X, y: alt.Y, *, marks: bool = True, steps: bool = False
) -> theme.Drawing:  # fmt: skip
    """Return lines over ``x`` and ``y`` (their fields are ``x`` and ``y``), with a mark at each point."""
    found = theme.styles([line.codec for line in lines])
    labels = [line.label for line in lines]
    chosen = [found[line.codec] for line in lines]
    # A legend of marks where there are marks, of dashed strokes where there are none.
    looks = {"symbolStrokeWidth": 0} if marks else {"symbolType": "stroke", "symbolSize": 260}
    legend = theme.legend(labels, **looks)
    colour = alt.Color("codec:N", scale=_scale(labels, [style.colour for style in chosen]), legend=legend)
    dash = alt.StrokeDash(
        "codec:N", scale=_scale(labels, [list(style.dash) or [1, 0] for style in chosen]),
        legend=None if marks else legend,
    )  # fmt: skip
    shape = alt.Shape("codec:N", scale=_scale(labels, [style.shape for style in chosen]), legend=legend)
    rows = [
        {"codec": line.label, "x": point[0], "y": point[1], "i": number, "tip": theme.tip(point[2]) if point[2] else ""}
        for line in lines
        for number, point in enumerate(line.points)
    ]
    base = alt.Chart(theme.data(rows))
    drawn = base.mark_line(strokeWidth=1.8, interpolate="step-after" if steps else "linear").encode(
        x=x, y=y, color=colour, strokeDash=dash, order="i:Q"
    )
    if not marks:
        return alt.layer(drawn)
    return alt.layer(
        drawn,
        base.mark_point(filled=True, size=40, opacity=1).encode(
            x=x, y=y, color=colour, shape=shape, description="tip:N"
        ),
    )


def _scale(domain: list[str], values: list[Any]) -> alt.Scale:
    return alt.Scale(domain=domain, range=values)
