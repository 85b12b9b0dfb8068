"""Colours, marks and sizes of all plots.

The hues are Okabe and Ito's, which people with any common colour blindness can tell apart; marks differ in shape or
dash as well, so that no plot depends on hue alone. Codecs of one family share a hue family.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from zlib import crc32

import altair as alt

#: What a plot draws before it is given a size.
Drawing: TypeAlias = "alt.Chart | alt.LayerChart | alt.FacetChart"

#: Width of a panel in pixels, labels included: it fits a phone, and three fit a desktop.
PANEL_WIDTH = 340
#: Height of one row of a bar or dot plot.
ROW_HEIGHT = 19
#: Fonts with one set of widths, so that a browser needs the room that the renderer left.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

INK, MUTED, GRID, PAPER = "#1f2328", "#59636e", "#d8dee4", "#ffffff"
VERMILLION, ORANGE, GREEN, SKY, BLUE, PURPLE, GOLD, GREY = (
    "#d55e00", "#e69f00", "#009e73", "#56b4e9", "#0072b2", "#cc79a7", "#b59a00", "#7a8490",
)  # fmt: skip

#: Colours of a page follow the reader's theme: each of these becomes a CSS variable there.
CSS_VARIABLES: dict[str, str] = {
    INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper", VERMILLION: "--vermillion", ORANGE: "--orange",
    GREEN: "--green", SKY: "--sky", BLUE: "--blue", PURPLE: "--purple", GOLD: "--gold", GREY: "--grey",
}  # fmt: skip

SOLID: tuple[int, ...] = ()
DASHED = (5, 3)
DOTTED = (2, 2)


@dataclass(frozen=True, slots=True)
class Style:
    """How one codec is drawn everywhere."""

    colour: str
    dash: tuple[int, ...] = SOLID
    shape: str = "circle"


_CODECS: dict[str, Style] = {
    "json": Style(VERMILLION),
    "json-orjson-list": Style(VERMILLION, DASHED, "square"),
    "orjson": Style(ORANGE, SOLID, "diamond"),
    "json-simdjson": Style(ORANGE, DASHED, "triangle-up"),
    "base64": Style(GREEN, DASHED, "square"),
    "base64-simd": Style(GREEN),
    "tensor-proto": Style(BLUE),
    "tensor-proto-values": Style(BLUE, DASHED, "square"),
    "wire": Style(SKY, SOLID, "diamond"),
    "json-msgspec": Style(VERMILLION, SOLID, "triangle-up"),
    "json-ujson": Style(VERMILLION, DASHED, "triangle-down"),
    "json-chunked": Style(VERMILLION, DOTTED, "cross"),
    "orjson-gzip": Style(ORANGE, DOTTED, "triangle-down"),
    "raw": Style(GREY, DOTTED, "cross"),
}
#: What codecs of third parties are drawn with; which one follows from the codec's name alone.
_OTHERS = tuple(
    Style(colour, dash, shape)
    for dash in (SOLID, DASHED, DOTTED)
    for colour in (PURPLE, GOLD, INK)
    for shape in ("circle", "square", "diamond", "triangle-up", "triangle-down")
)


def style(codec: str) -> Style:
    """Return how a codec is drawn: the same in every plot, run and version, whatever else there is.

    One with parameters (``orjson-gzip:level=9``) has its family's colour, and a mark of its own.
    """
    if codec in _CODECS:
        return _CODECS[codec]
    own = _OTHERS[crc32(codec.encode()) % len(_OTHERS)]
    family = _CODECS.get(codec.partition(":")[0])
    return Style(family.colour, own.dash, own.shape) if family else own


def styles(codecs: Sequence[str]) -> dict[str, Style]:
    """Return a style per codec."""
    return {codec: style(codec) for codec in codecs}


#: Descriptions that are meant for readers begin with this; Vega writes its own for every other mark.
TIP = "› "


def data(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Return rows as a chart's data: no pandas, no files. ``tip`` is shown on hovering."""
    return alt.InlineData(values=list(rows))


def tip(text: str) -> str:
    """Return the description of a mark that is meant for readers."""
    return TIP + text


def panel(chart: Drawing, *, height: int, width: int = PANEL_WIDTH) -> Drawing:
    """Give a chart the size of a panel: ``width`` counts labels and legend, ``height`` the plot alone."""
    return chart.properties(
        width=width,
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        padding={"left": 4, "top": 4, "right": 14, "bottom": 4},
    )


def rows_height(rows: int) -> int:
    """Return the height of a plot with one row per case."""
    return max(2, rows) * ROW_HEIGHT


#: Room for the labels of rows, and the width of a character at their size, on average and rounded up.
LABEL_LIMIT = 170
_CHARACTER = 5.6
#: A legend's symbol with the space around it.
_SYMBOL = 26

#: Vega-Lite's configuration for the look that all plots share.
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "gridColor": GRID, "domain": False, "ticks": False, "labelColor": MUTED, "titleColor": MUTED,
        "titleFontWeight": "normal", "labelFontSize": 11, "titleFontSize": 11, "labelPadding": 5,
        "labelLimit": LABEL_LIMIT, "labelFlush": False, "labelOverlap": "greedy", "labelSeparation": 6,
    },
    "axisY": {"labelColor": INK},
    "legend": {
        "labelColor": INK, "titleColor": MUTED, "labelFontSize": 11, "symbolSize": 70, "orient": "bottom",
        "title": None, "columnPadding": 8, "rowPadding": 2, "offset": 6,
    },
    "title": {
        "color": INK, "subtitleColor": MUTED, "anchor": "start", "fontSize": 13, "subtitleFontSize": 10, "offset": 8,
        "limit": PANEL_WIDTH - 10, "subtitleFontWeight": "normal", "frame": "group",
    },
    "text": {"color": INK, "fontSize": 11},
}  # fmt: skip


def legend(labels: Sequence[str], rows: Sequence[str] = (), **options: Any) -> alt.Legend:
    """Return a legend of ``labels`` below a plot, in as many columns as fit; it begins where the plot does.

    ``rows`` are the labels of the plot's rows, which take their room to its left.
    """
    taken = min(LABEL_LIMIT, max((len(row) for row in rows), default=8) * _CHARACTER)
    room = PANEL_WIDTH - 16 - taken
    widest = max(len(label) for label in labels) * _CHARACTER + _SYMBOL
    columns = max(1, min(3, int(room // widest)))
    return alt.Legend(columns=columns, labelLimit=max(60, room / columns - _SYMBOL), **options)


def time_axis(title: str, low: float, high: float, **options: Any) -> alt.Axis:
    """Return the axis of a logarithmic time scale from ``low`` to ``high`` with labels in ns, µs, ms and s."""
    return alt.Axis(
        title=title,
        values=log_ticks(low, high),
        labelExpr=TIME_LABEL,
        labelOverlap="greedy",
        labelFlush=False,
        **options,
    )


def log_ticks(low: float, high: float, *, steps: Sequence[float] = (1.0, 2.0, 5.0), base: float = 10.0) -> list[float]:
    """Return round ticks within ``log_scale(low, high)``: powers of ``base``, and ``steps`` of them where few."""
    first, last = math.floor(math.log(low / AIR, base)), math.ceil(math.log(high * AIR, base))
    for used in ((1.0,), (1.0, steps[-1] if len(steps) < 2 else steps[1]), tuple(steps)):
        ticks = [step * base**power for power in range(first, last + 1) for step in used]
        inside = [tick for tick in ticks if low / AIR <= tick <= high * AIR]
        if len(inside) >= MIN_TICKS:
            return inside
    return inside or [low, high]


#: A logarithmic scale goes on by this factor beyond what it shows.
AIR = 1.5
#: With fewer labels an axis cannot be read.
MIN_TICKS = 3

#: Vega's expressions for tick labels; ``datum.value`` is the tick, in seconds, bytes, or times.
TIME_LABEL = (
    "datum.value === 0 ? '0' : datum.value >= 0.9995 ? format(datum.value, '~r') + ' s' : datum.value >= 0.0009995 ? "
    "format(datum.value * 1e3, '~r') + ' ms' : datum.value >= 9.995e-7 ? format(datum.value * 1e6, '~r') + ' µs' : "
    "format(datum.value * 1e9, '~r') + ' ns'"
)
BYTES_LABEL = (
    "datum.value >= 1073741824 ? format(datum.value / 1073741824, '~r') + ' GiB' : datum.value >= 1048576 ? "
    "format(datum.value / 1048576, '~r') + ' MiB' : datum.value >= 1024 ? format(datum.value / 1024, '~r') + ' KiB' : "
    "format(datum.value, '~r') + ' B'"
)
TIMES_LABEL = "format(datum.value, ',~r') + '×'"


def log_scale(low: float, high: float) -> alt.Scale:
    """Return a logarithmic scale with some air around what it shows."""
    return alt.Scale(type="log", domain=[low / AIR, high * AIR], nice=False, clamp=True)
