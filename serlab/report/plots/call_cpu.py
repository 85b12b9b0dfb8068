"""CPU time of a call: what the client's process and the server's process spend on one."""

from __future__ import annotations

from serlab.records.run import Interval, PayloadInfo
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.forms import Dot, Series, log_dots
from serlab.report.plots.ledger import row_label
from serlab.report.source import Source

SERIES = {"client": Series(theme.BLUE), "server": Series(theme.ORANGE, "diamond")}


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel per payload that was called and whose CPU time is known."""
    drawn = (_panel(source, payload) for payload in source.payloads)
    return tuple(panel for panel in drawn if panel)


def _panel(source: Source, payload: PayloadInfo) -> Panel | None:
    dots, order = [], []
    for whole in source.calls:
        if whole.payload != payload.name or not whole.calls:
            continue
        row = row_label(source, whole)
        order.append(row)
        for side in SERIES:
            spent = source.call_cpu[whole.payload, whole.codec].get(side)
            if spent and spent.median > 0:
                dots.append(Dot(row, side, spent, _tip(row, side, spent)))
    if not dots:
        return None
    return Panel(
        f"call-cpu-{payload.name}",
        f"{payload.name}: {source.describe(payload)}",
        f"CPU time per call with {payload.name} in the client's and the server's process, logarithmic.",
        theme.panel(
            log_dots(dots, SERIES, order, title="CPU time per call"), height=theme.rows_height(len(order))
        ),
    )  # fmt: skip


def _tip(row: str, side: str, spent: Interval) -> str:
    return f"{row}, {side}: {units.seconds(spent.median)} CPU per call {units.bounds(spent, units.seconds)}"
