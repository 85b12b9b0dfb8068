"""What a machine can tell apart right now, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serlab.analysis.words import counted
from serlab.records.comparison import Rate, SelfCheck
from serlab.report import units
from serlab.report.tables.console import plain_table

if TYPE_CHECKING:
    from rich.console import Console


def print_selfcheck(found: SelfCheck, console: Console) -> None:
    """Print false alarms, power, and the smallest difference that each case resolves."""
    table = plain_table("the smallest difference that each case tells now", ("case", "resolves"))
    for entry in sorted(found.cases, key=lambda entry: (entry.resolves is None, entry.resolves or 0.0)):
        case = entry.case
        form = f" ({case.form})" if case.form else ""
        shown = f"{100 * entry.resolves:.1f} %" if entry.resolves is not None else units.NOT_MEASURED
        table.add_row(f"{case.payload}/{case.codec}/{case.op}{form}", shown)
    console.print(table)
    console.print()
    console.print(f"twins called different: {_rate(found.false_alarms)}, corrected over all cases")
    console.print(f"slowdowns of {100 * found.slowdown:.3g} % found: {_rate(found.power)}")
    for note in (counted(found.rounds, "round"), *found.notes):
        console.print(note)


def _rate(rate: Rate) -> str:
    share = f"{100 * rate.hits / rate.tries:.0f} %" if rate.tries else units.NOT_MEASURED
    return f"{rate.hits} of {rate.tries} ({share}, 95 % interval {100 * rate.low:.0f} to {100 * rate.high:.0f} %)"
