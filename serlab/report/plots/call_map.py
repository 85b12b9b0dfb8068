"""The map of one call: a bar per codec on one scale, from encode to decode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serlab.analysis.answer import decode_case
from serlab.records.run import Case, PayloadInfo
from serlab.report import units
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.forms import Bar, Series, stacked_bars
from serlab.report.plots.ledger import row_label, stages
from serlab.report.source import Source

ENCODE, EXCHANGE, DECODE = "encode", "send · server · receive", "decode"
SERIES = {ENCODE: Series(theme.BLUE), EXCHANGE: Series(theme.GREY), DECODE: Series(theme.ORANGE)}
#: Codecs that a map shows before it stops being one; the ledger has all.
SHOWN = 10


def panels(source: Source) -> tuple[Panel, ...]:
    """Return a panel per payload: of its calls, or of encode and decode alone where there were none."""
    return tuple(panel for payload in source.payloads for panel in _panel(source, payload))


def _panel(source: Source, payload: PayloadInfo) -> Iterator[Panel]:
    rows = _calls(source, payload.name) or _isolated(source, payload.name)
    rows = sorted(rows, key=lambda row: sum(row[1].values()))[:SHOWN]
    if not rows:
        return
    bars = [
        Bar(
            label,
            series,
            max(0.0, time),
            f"{label}: {series} {units.seconds(time)} of {units.seconds(sum(parts.values()))}",
        )
        for label, parts in rows
        for series, time in parts.items()
    ]
    order = [label for label, _ in rows]
    whole = "a call" if EXCHANGE in rows[0][1] else "encode + decode"
    chart = stacked_bars(bars, SERIES, order, title=f"mean time of {whole}", label=theme.TIME_LABEL,
                         ends={label: _total(parts) for label, parts in rows})  # fmt: skip
    said = "; ".join(f"{label} {_total(parts)}" for label, parts in rows)
    yield Panel(
        f"map-{payload.name}",
        f"{payload.name}: {source.describe(payload)}, {units.size(payload.raw_bytes)}",
        f"Where the time of {whole} with {payload.name} goes, the fastest codec first. {said}.",
        theme.panel(chart, height=theme.rows_height(len(order))),
    )


def _total(parts: dict[str, float]) -> str:
    return units.seconds(sum(parts.values()))


Rows = Sequence[tuple[str, dict[str, float]]]


def _calls(source: Source, payload: str) -> Rows:
    rows = []
    for one in source.calls:
        found = stages(one)
        if one.payload == payload and found:
            encode, exchange, decode, _ = found.values()
            rows.append((row_label(source, one), {ENCODE: encode, EXCHANGE: exchange, DECODE: decode}))
    return rows


def _isolated(source: Source, payload: str) -> Rows:
    rows = []
    for codec in source.data.info.codecs:
        encode = source.times.get(Case(payload, codec, "encode"))
        decode = source.times.get(decode_case(source.view, payload, codec))
        if encode and decode:
            rows.append((source.label(payload, codec), {ENCODE: encode.median, DECODE: decode.median}))
    return rows
