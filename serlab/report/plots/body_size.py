"""Bytes on the wire: size of request and response bodies ÷ size of the tensor."""

from __future__ import annotations

import altair as alt

from serlab.analysis.view import FLOOR
from serlab.records.run import Gate, PayloadInfo
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.source import Source

_SERIES = {"request": (theme.BLUE, "circle"), "response": (theme.ORANGE, "diamond")}


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel per payload whose bodies are known."""
    drawn = (_panel(source, payload) for payload in source.payloads)
    return tuple(panel for panel in drawn if panel)


def response_bytes(source: Source, gate: Gate) -> int | None:
    """Return the size of the response: as the live instance wrote it, else as the codec's own model of a server does.

    A server writes numbers with digits of its own, so the two differ over REST.
    """
    clients = source.view.clients.get((gate.payload, gate.codec), ())
    live = max((run.response_bytes for run in clients), default=0)
    return live or gate.response_bytes.get("body", gate.response_bytes.get(source.form))


def _panel(source: Source, payload: PayloadInfo) -> Panel | None:
    rows, order = [], []
    for codec in source.data.info.codecs:
        gate = source.view.gates.get((payload.name, codec))
        if gate is None or codec == FLOOR or gate.exactness.failure:
            continue
        label = source.label(payload.name, codec)
        order.append(label)
        for series, size in (("request", gate.request_bytes), ("response", response_bytes(source, gate))):
            if size:
                times = size / payload.raw_bytes
                tip = f"{codec} {series}: {units.size(size)}, {units.ratio(times)} the tensor"
                rows.append({"row": label, "series": series, "times": times, "tip": theme.tip(tip)})
    if not rows:
        return None
    names = list(_SERIES)
    legend = theme.legend(names, order)
    base = alt.Chart(theme.data(rows))
    most = max(1.0, *(float(str(row["times"])) for row in rows))  # the tensor itself is always in sight
    x = alt.X(
        "times:Q",
        scale=alt.Scale(domain=[0, most * 1.05], nice=False),
        axis=alt.Axis(title="body ÷ tensor", labelExpr=theme.TIMES_LABEL, tickCount=5),
    )
    chart = alt.layer(
        alt.Chart(theme.data([{"times": 1}])).mark_rule(color=theme.MUTED, strokeDash=list(theme.DOTTED)).encode(x=x),
        base.mark_point(filled=True, size=58, opacity=1).encode(
            x=x,
            y=alt.Y("row:N", sort=order, title=None, scale=alt.Scale(domain=order), axis=alt.Axis(grid=True)),
            color=alt.Color("series:N", scale=_scale(names, 0), legend=legend),
            shape=alt.Shape("series:N", scale=_scale(names, 1), legend=legend),
            description="tip:N",
        ),
    )
    return Panel(
        f"bytes-{payload.name}",
        f"{payload.name}: {source.describe(payload)}",
        f"Size of bodies ÷ size of {payload.name}, a row per codec; the dotted line is the tensor itself.",
        theme.panel(chart, height=theme.rows_height(len(order))),
    )


def _scale(names: list[str], part: int) -> alt.Scale:
    return alt.Scale(domain=names, range=[_SERIES[name][part] for name in names])
