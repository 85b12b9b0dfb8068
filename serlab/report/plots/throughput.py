"""Throughput per codec: bytes of the tensor through encode and decode per second, over size."""

from __future__ import annotations

import altair as alt

from serlab.analysis.scaling import Scaling, group, scale
from serlab.record import Op
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.lines import Line, chart
from serlab.report.plots.scaling import HEIGHT, size_axis
from serlab.report.source import Source


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel for encode and one for decode, none where fewer than two sizes were timed."""
    found = scale(source.view)
    drawn = (_panel(source, [one for one in found if one.op == op and one.form != "content"], op)
             for op in ("encode", "decode"))  # fmt: skip
    return tuple(panel for panel in drawn if panel)


def _panel(source: Source, scalings: list[Scaling], op: Op) -> Panel | None:
    if not scalings:
        return None
    names = [payload.name for payload in group(source.view)]
    lines = [
        Line(
            one.codec,
            source.label_over(names, one.codec),
            tuple(
                (size, size / time, f"{op} {one.codec}, {units.size(size)}: {units.size(size / time)}/s")
                for size, time in one.points
            ),
        )
        for one in scalings
    ]
    rates = [point[1] for line in lines for point in line.points]
    y = alt.Y(
        "y:Q",
        scale=theme.log_scale(min(rates), max(rates)),
        axis=alt.Axis(
            title="tensor bytes per second",
            values=theme.log_ticks(min(rates), max(rates), steps=(1.0, 4.0, 16.0), base=32.0),
            labelExpr=f"({theme.BYTES_LABEL}) + '/s'",
        ),
    )
    return Panel(
        f"throughput-{op}",
        op,
        f"Tensor bytes per second through {op} against tensor size, a line per codec, both logarithmic.",
        theme.panel(chart(lines, size_axis(lines), y), height=HEIGHT),
    )
