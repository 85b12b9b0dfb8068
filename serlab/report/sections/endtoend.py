"""End to end: the ledger of a call, the distribution of latency, CPU on both sides, memory on both sides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from serlab.analysis.endtoend import EndToEnd, codec_share
from serlab.analysis.stats import SAMPLE_FLOOR
from serlab.records.profiles import MemoryTracks
from serlab.report import sentences, units
from serlab.report.blocks import Block, Cell, Figure, Links, Missing, Note, Section, Table, columns
from serlab.report.plots import call_cpu, latency, ledger, resident_memory
from serlab.report.sentences import words
from serlab.report.source import Source
from serlab.report.tables.profiles import tracks_table

PARTS = {"endtoend-memory": MemoryTracks}


def build(source: Source) -> Section:
    """Return the section."""
    if not source.calls:
        missing = Missing("calls to a live instance", "serlab bench")
        return Section("endtoend", "End to end", ("There are no calls.",), (missing, *_memory(source)))
    blocks: list[Block] = [
        Figure(
            "ledger-figure",
            "The ledger of a call",
            "Mean time of a call, split where the client's clock was read: encode; send + server + receive; decode; "
            "and what is left over. The second panel has the same bars, each stretched to the whole call.",
            ledger.panels(source),
            _table(source),
            paired=True,
        ),
        Figure(
            "latency-figure",
            "Distribution of latency",
            "How many of all calls were over by a time: a steep line is a steady codec, a long tail bends right. "
            "A codec with few calls shows as few large steps.",
            latency.panels(source),
            _percentiles(source),
        ),
    ]
    cpu = call_cpu.panels(source)
    if cpu:
        blocks.append(
            Figure(
                "call-cpu-figure",
                "CPU per call",
                "CPU time that the client's and the server's process spend on one call, medians over clients. The "
                "system counts a server's time in steps of 10 ms: a client's many calls even that out.",
                cpu,
                _cpu_table(source),
            )
        )
    if all("server" not in found for found in source.call_cpu.values()):
        told = "The server's process is not on this machine or cannot be seen: its CPU is not known."
        blocks.append(Note((told,), tone="muted"))
    errors = [f"{one.payload} with {one.codec}: {text}" for one in source.calls for text in one.errors]
    if errors:
        blocks.append(Note(tuple(errors), "Calls that failed", "bad"))
    blocks += _memory(source)
    calls = source.evidence("endtoend.json")
    if calls:
        blocks.append(Links("Every call with its stages", (("calls as JSON", calls),)))
    return Section("endtoend", "End to end", tuple(_conclusion(source)), tuple(blocks))


def _conclusion(source: Source) -> Iterable[str]:
    sizes = source.view.raw_bytes
    called = [one for one in source.calls if one.calls and one.median_s]
    if not called:
        yield "Every call failed; see below."
        return
    payload = max(called, key=lambda one: sizes.get(one.payload, 0)).payload
    here = sorted((_p50(one), one.codec, one) for one in called if one.payload == payload)
    for _, _, one in (here[-1], here[0])[: len(here)]:
        share = codec_share(source.view.clients[one.payload, one.codec])
        if one.median_s and share:
            yield (
                f"A call with {payload} and {source.label(payload, one.codec)} over "
                f"{sentences.transport(one.transport)} takes {sentences.time(one.median_s)} (p50); encode and decode, "
                f"timed within the calls, are {sentences.share(share)} of it."
            )
    yield f"Measured against: {source.instance_line}."


def _p50(one: EndToEnd) -> float:
    return one.median_s.median if one.median_s else 0.0


def _table(source: Source) -> Table:
    rows = []
    for one in source.calls:
        found = ledger.stages(one)
        total = sum(found.values())
        row = [
            Cell(one.payload),
            Cell(source.label(one.payload, one.codec)),
            Cell(sentences.transport(one.transport)),
            Cell(f"{one.calls:,}", one.calls),
            Cell(units.seconds(one.mean_total_s), one.mean_total_s),
        ]
        row += [
            Cell(
                f"{units.seconds(found[name])} ({units.percent(found[name] / total)})" if found else "–",
                found.get(name),
            )
            for name in ledger.SERIES
        ]
        row += [
            Cell(units.size(one.request_bytes or None), one.request_bytes),
            Cell(units.size(one.response_bytes or None), one.response_bytes),
            _values(one),
        ]
        rows.append(tuple(row))
    return Table(
        "ledger-table",
        "Mean time of every stage within a call, and the bodies that the server was sent and answered",
        columns("payload", "codec", "over", "calls", "whole call", *ledger.SERIES, "request", "response", "values",
                text=3),
        tuple(rows),
    )  # fmt: skip


def _values(one: EndToEnd) -> Cell:
    if one.errors and not one.calls:
        return Cell(f"FAILED: {one.errors[0]}", tone="bad")
    return Cell(words(one.exactness), tone="plain" if one.exactness and one.exactness.exact else "bad")


def _percentiles(source: Source) -> Table:
    rows = []
    for one in source.calls:
        tails = [
            Cell(units.seconds(value), value)
            if value is not None
            else Cell(f"needs {SAMPLE_FLOOR[at]} calls" if one.calls else "–", tone="muted")
            for value, at in ((one.p50_s, 0.5), (one.p90_s, 0.9), (one.p99_s, 0.99))
        ]
        rows.append(
            (
                Cell(one.payload),
                Cell(source.label(one.payload, one.codec)),
                Cell(sentences.transport(one.transport)),
                *tails,
                Cell(_median(one), one.median_s.median if one.median_s else None),
                Cell(f"{one.calls:,}", one.calls),
                Cell(str(one.clients), one.clients),
                _values(one),
            )
        )
    titles = ("payload", "codec", "over", "p50", "p90", "p99", "p50 with interval over clients", "calls", "clients",
              "values")  # fmt: skip
    return Table("latency-table", "Percentiles of latency over all calls", columns(*titles, text=3), tuple(rows))


def _median(one: EndToEnd) -> str:
    return sentences.time(one.median_s) if one.median_s else "–"


def _cpu_table(source: Source) -> Table:
    rows = []
    for one in source.calls:
        spent = source.call_cpu[one.payload, one.codec]
        cells = [
            Cell(sentences.time(value), value.median) if (value := spent.get(side)) else Cell("–", tone="muted")
            for side in ("client", "server")
        ]
        peak = one.server_peak_rss_bytes
        rows.append(
            (
                Cell(one.payload),
                Cell(source.label(one.payload, one.codec)),
                Cell(sentences.transport(one.transport)),
                *cells,
                Cell(units.size(peak), peak),
                _values(one),
            )
        )
    titles = ("payload", "codec", "over", "client CPU", "server CPU", "server's peak memory", "values")
    return Table("call-cpu-table", "CPU time per call", columns(*titles, text=3), tuple(rows))


def _memory(source: Source) -> list[Block]:
    report = source.part("endtoend-memory", MemoryTracks)
    panels = resident_memory.panels(source)
    if report is None or not panels:
        return [Missing("memory of client and server over time", f"serlab memory {source.command} --endtoend")]
    found = tracks_table(report.tracks, source.label, source.view.raw_bytes)
    return [
        Figure(
            "resident-figure",
            "Memory over time",
            "Resident memory of the server's and the client's process while one codec's client makes its calls, one "
            "codec after the other. The server keeps what it once had: later codecs start where earlier ones left it.",
            panels,
            replace(found, caption=f"{found.caption}; {report.instance}, {report.started[:10]}"),
            paired=True,
        ),
        *([Note(report.missing, "What could not be sampled", "warn")] if report.missing else []),
    ]
