"""The table of HTTP libraries on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from serlab.analysis.rest_clients import OWN, rows
from serlab.records.endtoend import RestClientRun
from serlab.report import units
from serlab.report.tables.console import plain_table

if TYPE_CHECKING:
    from rich.console import Console


def print_rest_clients(runs: Sequence[RestClientRun], console: Console) -> None:
    """Print what each client's exchange takes, against the lab's own; nothing where none was measured."""
    if not runs:
        return
    columns = ("call", "client", "calls", "exchange", "÷ serlab's own", "client CPU")
    table = plain_table("HTTP libraries: the same bodies, another client", columns, left=2)
    for row in rows(runs):
        table.add_row(
            f"{row.payload} {row.codec}",
            "serlab's own" if row.client == OWN else row.client,
            str(row.calls) if row.calls else f"FAILED: {row.error[:60]}",
            units.seconds_interval(row.exchange),
            units.ratio_interval(row.versus_own),
            units.seconds(row.client_cpu_s),
        )
    console.print(table)
