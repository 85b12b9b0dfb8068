"""How time and throughput grow with size: a line per codec through the payloads of one dtype, axes logarithmic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import altair as alt

from serlab.analysis.scaling import Scaling, group, scale
from serlab.records.run import OPS, Op
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.lines import Line, chart
from serlab.report.source import Source

HEIGHT = 230


def panels(source: Source) -> tuple[Panel, ...]:
    """Return time over size, a panel per op; none where fewer than two sizes were timed."""
    return _per_op(source, _time_panel)


def throughput_panels(source: Source) -> tuple[Panel, ...]:
    """Return bytes of the tensor through encode and decode per second over size, a panel per op that was timed."""
    return _per_op(source, _throughput_panel)


def _per_op(source: Source, draw_panel: Callable[[Source, Sequence[Scaling], Op], Panel]) -> tuple[Panel, ...]:
    found = [one for one in scale(source.view) if one.form != "content"]
    of_op = ((op, [one for one in found if one.op == op]) for op in OPS)
    return tuple(draw_panel(source, scalings, op) for op, scalings in of_op if scalings)


def _lines(
    source: Source, scalings: Sequence[Scaling], value: Callable[[float, float], float], tip: Callable[..., str]
) -> list[Line]:
    names = [payload.name for payload in group(source.view)]
    return [
        Line(
            one.codec,
            source.label_over(names, one.codec),
            tuple((size, value(size, time), tip(one, size, time)) for size, time in one.points),
        )
        for one in scalings
    ]


def _time_panel(source: Source, scalings: Sequence[Scaling], op: Op) -> Panel:
    lines = _lines(
        source,
        scalings,
        lambda _size, time: time,
        lambda one, size, time: f"{op} {one.codec}: {units.seconds(time)} for {units.size(size)}",
    )
    return Panel(
        f"scaling-{op}",
        op,
        f"Time to {op} against tensor size, a line per codec, both logarithmic.",
        theme.panel(draw(lines), height=HEIGHT),
    )


def _throughput_panel(source: Source, scalings: Sequence[Scaling], op: Op) -> Panel:
    lines = _lines(
        source,
        scalings,
        lambda size, time: size / time,
        lambda one, size, time: f"{op} {one.codec}, {units.size(size)}: {units.size(size / time)}/s",
    )
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
