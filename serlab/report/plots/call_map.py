"""The map of one call: a bar per codec on one scale; as measured, and as a server's law has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serlab.analysis.answer import decode_case
from serlab.analysis.laws.call_parts import CallParts
from serlab.records.run import Case, PayloadInfo
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.origin import server_name
from serlab.report.plots import theme
from serlab.report.plots.forms import Bar, Series, stacked_bars
from serlab.report.plots.ledger import row_label, stages
from serlab.report.source import Source

ENCODE, EXCHANGE, DECODE = "encode", "send · server · receive", "decode"
REQUEST, FIXED, RESPONSE = "server in", "send · model · receive", "server out"
SERIES = {
    ENCODE: Series(theme.BLUE),
    EXCHANGE: Series(theme.GREY),
    REQUEST: Series(theme.SKY),
    FIXED: Series(theme.GREY),
    RESPONSE: Series(theme.GOLD),
    DECODE: Series(theme.ORANGE),
}
#: Codecs that a map shows before it stops being one; the ledger has all.
SHOWN = 10

#: Label of a codec, and its parts in seconds in the order of the call.
Rows = Sequence[tuple[str, dict[str, float]]]


def panels(source: Source, payloads: Sequence[str]) -> tuple[Panel, ...]:
    """Return a panel per payload, of its calls or, where there were none, of encode and decode alone.

    Where the calls were not TensorFlow Serving's and its law is known, a second one is as the law predicts them.
    """
    known = {payload.name: payload for payload in source.payloads}
    return tuple(panel for name in payloads for panel in _panels(source, known[name]))


def _panels(source: Source, payload: PayloadInfo) -> Iterator[Panel]:
    elsewhere = source.predictions is not None and not source.predictions.own
    measured = _calls(source, payload.name, split=not elsewhere) or _isolated(source, payload.name)
    predicted = _predicted(source, payload.name) if elsewhere else []
    what = f"{payload.name}: {source.describe(payload)}, {units.size(payload.raw_bytes)}"
    if elsewhere:
        what = f"{payload.name} on {server_name(source.data.info.instance)}, measured"
    if measured:
        yield _panel(f"map-{payload.name}", what, payload.name, measured)
    if predicted and source.predictions:
        title = f"{payload.name} on TensorFlow Serving, predicted"
        yield _panel(f"map-predicted-{payload.name}", title, payload.name, predicted)


def _panel(name: str, title: str, payload: str, rows: Rows) -> Panel:
    shown = sorted(rows, key=lambda row: sum(row[1].values()))[:SHOWN]
    bars = [
        Bar(label, series, max(0.0, time), f"{label}: {series} {units.seconds(time)} of {_total(parts)}")
        for label, parts in shown
        for series, time in parts.items()
    ]
    whole = "a call" if len(shown[0][1]) > 2 else "encode + decode"
    chart = stacked_bars(
        bars, SERIES, [label for label, _ in shown], title=f"mean time of {whole}", label=theme.TIME_LABEL,
        ends={label: _total(parts) for label, parts in shown},
    )  # fmt: skip
    said = "; ".join(f"{label} {_total(parts)}" for label, parts in shown)
    return Panel(
        name,
        title,
        f"Where the time of {whole} with {payload} goes, the fastest codec first. {said}.",
        theme.panel(chart, height=theme.rows_height(len(shown))),
    )


def _total(parts: dict[str, float]) -> str:
    return units.seconds(sum(parts.values()))


def _calls(source: Source, payload: str, *, split: bool) -> Rows:
    rows = []
    for one in source.calls:
        found = stages(one)
        if one.payload == payload and found:
            encode, exchange, decode, _ = found.values()
            law = source.call_parts.get((payload, one.codec)) if split else None
            rows.append((row_label(source, one), {ENCODE: encode, **_exchange(exchange, law), DECODE: decode}))
    return rows


def _exchange(exchange_s: float, law: CallParts | None) -> dict[str, float]:
    """Split a measured exchange as the called server's own law would."""
    if law is None:
        return {EXCHANGE: exchange_s}
    whole = law.request_s + law.fixed_s + law.response_s
    parts = {REQUEST: law.request_s, FIXED: law.fixed_s, RESPONSE: law.response_s}
    return {name: exchange_s * part / whole for name, part in parts.items()}


def _predicted(source: Source, payload: str) -> Rows:
    return [
        (
            source.label(payload, codec),
            {ENCODE: one.encode_s, REQUEST: one.request_s, FIXED: one.fixed_s, RESPONSE: one.response_s,
             DECODE: one.decode_s},
        )
        for (name, codec), one in source.call_parts.items() if name == payload
    ]  # fmt: skip


def _isolated(source: Source, payload: str) -> Rows:
    rows = []
    for codec in source.data.info.codecs:
        encode = source.times.get(Case(payload, codec, "encode"))
        decode = source.times.get(decode_case(source.view, payload, codec))
        if encode and decode:
            rows.append((source.label(payload, codec), {ENCODE: encode.median, DECODE: decode.median}))
    return rows
