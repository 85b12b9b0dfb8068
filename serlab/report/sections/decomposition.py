"""From REST with JSON to gRPC, step by step: what the codec saves, and what the protocol does."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.decompose import Decomposition, decompose
from serlab.records.run import Interval
from serlab.report import sentences, units
from serlab.report.blocks import Cell, Figure, Missing, Section, Table, columns
from serlab.report.plots import waterfall
from serlab.report.source import Source


def build(source: Source) -> Section:
    """Return the section."""
    found = [one for payload in source.payloads if (one := decompose(source.data.endtoend, payload.name)) and one.gap_s]
    if not found:
        missing = Missing("what the codec and what the protocol costs", "serlab bench")
        return Section("decomposition", "Codec or protocol", (), (missing,))
    figure = Figure(
        "waterfall-figure",
        "From REST json to gRPC",
        "Mean time of a call. Each bar is what one step saves or adds: another codec over the same protocol, or "
        "another protocol for the same bytes (REST base64 to gRPC: the difference between send and receive). Grey bars "
        "are whole calls.",
        waterfall.panels(found),
        _table(found),
    )
    return Section("decomposition", "Codec or protocol", tuple(_conclusion(source, found)), (figure,))


def _conclusion(source: Source, found: Iterable[Decomposition]) -> Iterable[str]:
    for one in found:
        if one.gap_s is None:
            continue
        first, grpc = one.rungs[0], next(rung for rung in one.rungs if rung.transport == "grpc")
        gap = f"{one.payload}: REST {first.codec} takes {_change(one.gap_s)} than gRPC {grpc.codec}"
        if one.codec_s is None or one.protocol_s is None:
            yield f"{gap}. How much of it is the protocol is not known: base64 was not called."
            continue
        yield (
            f"{gap}: the codec accounts for {_signed(one.codec_s)}, with the server's reading and writing, the "
            f"protocol for {_signed(one.protocol_s)} (medians, which need not add up)."
        )
    yield f"Measured against: {source.instance_line}."


def _change(value: Interval) -> str:
    """Say how much longer one call takes than another: ``1.33 ms [1.13 ms, 1.43 ms] longer``."""
    if value.spans(0):
        return f"{sentences.time(value)} longer, {sentences.unclear_difference(value)},"
    if value.median > 0:
        return f"{sentences.time(value)} longer"
    return f"{sentences.time(sentences.negated(value))} less"


def _signed(value: Interval) -> str:
    unclear = f", {sentences.unclear_difference(value)}" if value.spans(0) and value.median else ""
    return sentences.time(value) + unclear


def _table(found: Iterable[Decomposition]) -> Table:
    rows = [
        (
            Cell(one.payload),
            Cell(rung.codec),
            Cell(sentences.transport(rung.transport)),
            Cell(sentences.time(rung.total_s), rung.total_s.median),
            Cell(units.seconds(rung.encode_s), rung.encode_s),
            Cell(units.seconds(rung.exchange_s), rung.exchange_s),
            Cell(units.seconds(rung.decode_s), rung.decode_s),
            *(
                Cell(_signed(part), part.median)
                if part is not None
                else Cell("–" if rung.change_s is None else "not known", tone="muted")
                for part in (rung.codec_s, rung.protocol_s)
            ),
        )
        for one in found
        for rung in one.rungs
    ]
    titles = ("payload", "codec", "over", "whole call", "encode", "send + server + receive", "decode",
              "by the codec", "by the protocol")  # fmt: skip
    return Table("waterfall-table", "Each client, and what it takes more or less than the one before it",
                 columns(*titles, text=3), tuple(rows))  # fmt: skip
