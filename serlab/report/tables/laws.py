"""A law on the terminal: what each route costs, how well the fit holds, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serlab.analysis.words import counted
from serlab.records.law import CodecLaw, Law, Line, RouteLaw
from serlab.report import units
from serlab.report.tables.console import plain_table

if TYPE_CHECKING:
    from rich.console import Console


def print_law(law: Law, console: Console) -> None:
    """Print everything a law says."""
    console.print(f"law {law.name}: {law.version} ({law.kind}), measured {law.measured}")
    points = len(law.points) + sum(len(codec.points) for codec in law.codecs)
    console.print(
        f"on {law.machine.cpu_model}, {counted(law.machine.cores, 'core')}; {counted(points, 'point')}; {law.source}"
    )
    columns = ("route", "floor", "ns per request byte", "ns per response byte", "error, median", "left out", "holds")
    table = plain_table("", columns)
    for route in law.routes:
        table.add_row(*_route(route))
    if law.routes:
        console.print(table)
    for codec in law.codecs:
        console.print(_codec(codec))
    for route in law.routes:
        for text in route.remarks:
            console.print(f"{route.route}: {text}")
    for text in law.remarks:
        console.print(text)
    if law.yardsticks:
        sticks = ", ".join(f"{name} {units.seconds(stick.seconds)}" for name, stick in sorted(law.yardsticks.items()))
        console.print(f"yardsticks: {sticks}")


def _route(law: RouteLaw) -> tuple[str, ...]:
    errors = units.percent(law.errors.median), units.percent(law.errors.left_out_median)
    lines = _rates(law.request, "B"), _rates(law.response, "B")
    return (law.route, units.seconds(law.floor_s), *lines, *errors, "yes" if law.holds else "NO")


def _codec(law: CodecLaw) -> str:
    form = f" ({law.form})" if law.form else ""
    error = units.percent(law.errors.left_out_median)
    return (
        f"{law.codec} {law.op}{form}, {law.dtype}, {law.client} client: {units.seconds(law.floor_s)} + "
        f"{_rates(law.line)} ns per element; left-out error {error}"
    )


def _rates(line: Line, unit: str = "") -> str:
    """Write each piece's rate in ns, with where the next piece begins: ``6.74 | 64.0 KiB: 8.59``."""
    ends = [units.size(end) if unit == "B" else f"{end:,}" for end in line.breaks]
    shown = [f"{1e9 * rate:.3g}" for rate in line.rates]
    return " | ".join([shown[0], *(f"{end}: {rate}" for end, rate in zip(ends, shown[1:], strict=True))])
