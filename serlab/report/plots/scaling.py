"""How time grows with size: a line per codec through the payloads of one dtype, both axes logarithmic."""

from __future__ import annotations

import altair as alt

from serlab.analysis.scaling import Scaling, group, scale
from serlab.record import Op
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.lines import Line, chart
from serlab.report.source import Source

HEIGHT = 230


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
                (size, time, f"{op} {one.codec}: {units.seconds(time)} for {units.size(size)}")
                for size, time in one.points
            ),
        )
        for one in scalings
    ]
    return Panel(
        f"scaling-{op}",
        op,
        f"Time to {op} against tensor size, a line per codec, both logarithmic.",
        theme.panel(draw(lines), height=HEIGHT),
    )


def draw(lines: list[Line]) -> theme.Drawing:
    """Return time over size for ``lines``."""
    times = [point[1] for line in lines for point in line.points]
    return chart(lines, size_axis(lines), time_y(min(times), max(times)))


def size_axis(lines: list[Line]) -> alt.X:
    """Return the logarithmic axis of tensor sizes, with ticks at powers of two."""
    sizes = [point[0] for line in lines for point in line.points]
    low, high = min(sizes), max(sizes)
    return alt.X(
        "x:Q",
        scale=theme.log_scale(low, high),
        axis=alt.Axis(
            title="tensor",
            values=theme.log_ticks(low, high, steps=(1.0, 4.0, 16.0), base=32.0),
            labelExpr=theme.BYTES_LABEL,
        ),
    )


def time_y(low: float, high: float) -> alt.Y:
    """Return the logarithmic axis of times."""
    return alt.Y("y:Q", scale=theme.log_scale(low, high), axis=theme.time_axis("time per call", low, high))
