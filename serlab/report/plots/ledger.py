"""The ledger of a call: encode, exchange, decode, left over; as time, and as shares of the call."""

from __future__ import annotations

from collections.abc import Iterator

from serlab.analysis.endtoend import EndToEnd
from serlab.records.run import PayloadInfo
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.forms import Bar, Series, stacked_bars
from serlab.report.source import Source

EXCHANGE = "send + server + receive"
SERIES = {
    "encode": Series(theme.BLUE),
    EXCHANGE: Series(theme.GREY),
    "decode": Series(theme.ORANGE),
    "left over": Series(theme.PURPLE),
}


def panels(source: Source) -> tuple[Panel, ...]:
    """Return two panels per payload that was called: times, and shares of the call."""
    return tuple(panel for payload in source.payloads for panel in _panels(source, payload))


def stages(whole: EndToEnd) -> dict[str, float]:
    """Return the mean seconds of each stage; empty where no call came through."""
    if whole.encode_s is None or whole.exchange_s is None or whole.decode_s is None or whole.left_over_s is None:
        return {}
    return dict(zip(SERIES, (whole.encode_s, whole.exchange_s, whole.decode_s, whole.left_over_s), strict=True))


def _panels(source: Source, payload: PayloadInfo) -> Iterator[Panel]:
    found = [whole for whole in source.calls if whole.payload == payload.name and stages(whole)]
    if not found:
        return
    order = [row_label(source, whole) for whole in found]
    times, shares = [], []
    for whole in found:
        total = sum(stages(whole).values())
        for series, time in stages(whole).items():
            tip = (
                f"{row_label(source, whole)}: {series} {units.seconds(time)}, {units.percent(time / total)} of "
                f"{units.seconds(total)}"
            )
            times.append(Bar(row_label(source, whole), series, max(0.0, time), tip))
            shares.append(Bar(row_label(source, whole), series, max(0.0, time / total), tip))
    height = theme.rows_height(len(order))
    yield Panel(
        f"ledger-{payload.name}",
        f"{payload.name}: time",
        f"Mean time of each stage of a call with {payload.name}, stacked, a bar per codec.",
        theme.panel(
            stacked_bars(times, SERIES, order, title="mean time of a call", label=theme.TIME_LABEL), height=height
        ),
    )
    yield Panel(
        f"ledger-share-{payload.name}",
        f"{payload.name}: share of the call",
        f"Share of each stage in a call with {payload.name}, stacked to the whole, a bar per codec.",
        theme.panel(
            stacked_bars(shares, SERIES, order, title="share of the call", label="format(datum.value, '.0%')", whole=1),
            height=height,
        ),
    )


def row_label(source: Source, whole: EndToEnd) -> str:
    """Return the row of a payload × codec: ``orjson (REST)``."""
    transport = {"grpc": "gRPC", "rest": "REST"}.get(whole.transport, whole.transport)
    return f"{source.label(whole.payload, whole.codec)} · {transport}"
