"""Encode and decode: time per codec with the floor drawn, throughput, and how time grows with size."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.scaling import MIN_PAYLOADS, Scaling, group, scale
from serlab.analysis.view import FLOOR
from serlab.records.run import Case, Interval, Op, PayloadInfo
from serlab.report import sentences, units
from serlab.report.blocks import Block, Cell, Figure, Links, Missing, Section, Table, columns
from serlab.report.plots import scaling, time
from serlab.report.sentences import words
from serlab.report.source import Source


def build(source: Source) -> Section:
    """Return the section."""
    if not source.times:
        missing = Missing("encode and decode in isolation", "serlab time")
        return Section("time", "Encode and decode", ("No times were taken.",), (missing,))
    blocks: list[Block] = [
        Figure(
            "time-figure",
            "Time per codec",
            "Timed in a loop: within a call caches are colder, and a step takes longer. A dot is the median over "
            "processes, the line through it its 95 % interval; the scale is logarithmic. "
            f"The dotted lines are the floor: one copy of the tensor ({FLOOR}). Over gRPC, decode reads "
            "the numbers as typed values, which is what a stock server answers; the content form is drawn apart.",
            time.panels(source),
            _table(source),
        )
    ]
    found = scale(source.view)
    if found:
        blocks += [
            Figure(
                "throughput-figure",
                "Throughput",
                "Bytes of the tensor through encode or decode per second; higher is better.",
                scaling.throughput_panels(source),
                paired=True,
            ),
            Figure(
                "scaling-figure",
                "Growth with size",
                f"Payloads of one dtype, {_group(source)}. A line that rises with the grid's diagonal takes twice the "
                "time for twice the bytes; a flat one pays for the call, not for the bytes.",
                scaling.panels(source),
                _scaling_table(source, found),
                paired=True,
            ),
        ]
    else:
        blocks.append(
            Missing(
                "growth with size",
                "serlab time --payload vector-1k,vector-10k,image",
            )
        )
    evidence = [
        (f"pyperf suite of {op}", link) for op in ("encode", "decode") if (link := source.evidence(f"time/{op}.json"))
    ]
    if evidence:
        blocks.append(Links("Every run, as pyperf keeps it (python -m pyperf show FILE)", tuple(evidence)))
    return Section("time", "Encode and decode", tuple(_conclusion(source, found)), tuple(blocks))


def _conclusion(source: Source, found: tuple[Scaling, ...]) -> Iterable[str]:
    payload = largest_timed(source)
    for op in ("encode", "decode"):
        sentence = _op_sentence(source, payload, op)
        if sentence:
            yield sentence
    steepest = [one for one in found if one.codec != FLOOR and one.form != "content"]
    if steepest:
        names = [payload.name for payload in group(source.view)]
        slow = max(steepest, key=lambda one: one.per_byte_s)
        fast = min(steepest, key=lambda one: one.per_byte_s)
        most, least = (source.label_over(names, one.codec) for one in (slow, fast))
        yield (
            f"From the smallest to the largest payload each further KiB costs {units.seconds(slow.per_byte_s * 1024)} "
            f"to {slow.op} with {most} and {units.seconds(max(0.0, fast.per_byte_s) * 1024)} to {fast.op} with {least}."
        )


def largest_timed(source: Source) -> PayloadInfo:
    """Return the largest payload that was timed."""
    timed = {case.payload for case in source.times}
    return max((entry for entry in source.payloads if entry.name in timed), key=lambda entry: entry.raw_bytes)


def _op_sentence(source: Source, payload: PayloadInfo, op: Op) -> str:
    times = {
        case: value
        for case, value in source.times.items()
        if case.payload == payload.name and case.op == op and case.codec != FLOOR and case.form != "content"
    }
    if not times:
        return ""
    fast, slow = min(times, key=lambda case: times[case].median), max(times, key=lambda case: times[case].median)
    label = source.label(payload.name, fast.codec)
    text = f"In isolation, {sentences.DOING[op]} {payload.name} takes {sentences.time(times[fast])} with {label}"
    if fast in source.ratios:
        text += f", {units.ratio_interval(source.ratios[fast])} the floor"
    if slow != fast:
        text += f", and {sentences.time(times[slow])} with {source.label(payload.name, slow.codec)}"
    return text + "."


def _table(source: Source) -> Table:
    rows = []
    for case in source.view.cases():
        value, ratio = source.times.get(case), source.ratios.get(case)
        exactness = source.view.exactness(case.payload, case.codec)
        if value is None and not (exactness and exactness.failure):
            continue
        rate = source.view.raw_bytes.get(case.payload, 0) / value.median if value else None
        rows.append(
            (
                Cell(case.payload),
                Cell(_codec(source, case)),
                Cell(case.op),
                Cell(units.seconds(value.median if value else None), value.median if value else None),
                Cell(_bounds(value), value.low if value else None),
                Cell(units.ratio_interval(ratio), ratio.median if ratio else None),
                Cell(f"{units.size(rate)}/s" if rate else units.NOT_MEASURED, rate),
                Cell(str(value.runs) if value else "0", value.runs if value else 0),
                Cell(words(exactness), tone="plain" if exactness and exactness.exact else "bad"),
            )
        )
    return Table(
        "time-table",
        "Time of every case in isolation, in a loop",
        columns(
            "payload", "codec", "op", "time", "95 % interval", "÷ floor", "tensor/s", "processes", "values", text=3
        ),
        tuple(rows),
    )


def _codec(source: Source, case: Case) -> str:
    return source.label(case.payload, case.codec) + (f", {case.form}" if case.form else "")


def _bounds(value: Interval | None) -> str:
    return units.bounds(value, units.seconds) if value else units.NOT_MEASURED


def _group(source: Source) -> str:
    payloads = group(source.view)
    return f"{payloads[0].dtype} {payloads[0].distribution}: {sentences.listing([one.name for one in payloads])}"


def _scaling_table(source: Source, found: tuple[Scaling, ...]) -> Table:
    rows = []
    names = [payload.name for payload in group(source.view)]
    for one in found:
        exponent = one.exponent
        told = (
            f"{exponent.median:.2f} [{exponent.low:.2f}, {exponent.high:.2f}]"
            if exponent
            else f"needs {MIN_PAYLOADS} payloads"
        )
        per_kib = one.per_byte_s * 1024
        rows.append(
            (
                Cell(source.label_over(names, one.codec) + (f", {one.form}" if one.form else "")),
                Cell(one.op),
                Cell(told, exponent.median if exponent else None),
                Cell(units.seconds(per_kib), per_kib),
                Cell(str(len(one.points)), len(one.points)),
            )
        )
    return Table(
        "scaling-table",
        "Slope of time over size",
        columns(
            "codec", "op", "exponent", "each further KiB", "payloads", text=2,
            hints={"exponent": "Theil–Sen slope of log time over log bytes: 1: twice the time for twice the bytes"},
        ),
        tuple(rows),
    )  # fmt: skip
