"""Bytes: how large bodies are against the tensor they carry."""

from __future__ import annotations

from serlab.analysis.view import FLOOR
from serlab.records.run import Gate
from serlab.report import units
from serlab.report.blocks import Cell, Figure, Missing, Section, Table, columns
from serlab.report.plots import body_size
from serlab.report.plots.body_size import response_bytes
from serlab.report.sentences import words
from serlab.report.source import Source


def build(source: Source) -> Section:
    """Return the section."""
    panels = body_size.panels(source)
    if not panels:
        missing = Missing("bytes on the wire", "serlab bench")
        return Section("bytes", "Bytes on the wire", ("Body sizes are not known.",), (missing,))
    reading = (
        "A body's size as a multiple of the tensor's own bytes; the dotted line is the tensor itself. Sizes of numbers "
        "as text depend on their digits: these are the run's own values."
    )
    figure = Figure("bytes-figure", "Body ÷ tensor", reading, panels, _table(source))
    return Section("bytes", "Bytes on the wire", _conclusion(source), (figure,))


def _gates(source: Source, payload: str) -> list[Gate]:
    return [
        gate
        for gate in source.data.info.gates
        if gate.payload == payload and gate.codec != FLOOR and gate.request_bytes and not gate.exactness.failure
    ]


def _conclusion(source: Source) -> tuple[str, ...]:
    known = [entry for entry in source.payloads if _gates(source, entry.name)]
    payload = max(known, key=lambda entry: entry.raw_bytes)
    gates = sorted(_gates(source, payload.name), key=lambda gate: gate.request_bytes)
    small, large = gates[0], gates[-1]
    text = (
        f"A request with {payload.name} ({units.size(payload.raw_bytes)}) is {units.size(small.request_bytes)} with "
        f"{source.label(payload.name, small.codec)}, {units.ratio(small.request_bytes / payload.raw_bytes)} the tensor"
    )
    if large.request_bytes > small.request_bytes:
        text += (
            f", and {units.size(large.request_bytes)} with {source.label(payload.name, large.codec)}, "
            f"{units.ratio(large.request_bytes / payload.raw_bytes)}"
        )
    return (text + ". Sizes are exact, not estimates.",)


def _table(source: Source) -> Table:
    rows = []
    raw = source.view.raw_bytes
    for gate in source.data.info.gates:
        if gate.exactness.failure or not raw.get(gate.payload):
            continue
        response = response_bytes(source, gate)
        request_times = gate.request_bytes / raw[gate.payload]
        response_times = response / raw[gate.payload] if response else None
        rows.append(
            (
                Cell(gate.payload),
                Cell(source.label(gate.payload, gate.codec)),
                Cell(f"{gate.request_bytes:,}", gate.request_bytes),
                Cell(units.ratio(request_times), request_times),
                Cell(f"{response:,}" if response else units.NOT_MEASURED, response),
                Cell(units.ratio(response_times), response_times),
                Cell(words(gate.exactness), tone="plain" if gate.exactness.exact else "bad"),
            )
        )
    titles = ("payload", "codec", "request, B", "÷ tensor", "response, B", "÷ tensor ", "values")
    caption = "Requests as the codec writes them, responses as " + (
        "the server that was called does" if source.calls else "the codec's own model of a server does"
    )
    return Table("bytes-table", caption, columns(*titles, text=2), tuple(rows))
