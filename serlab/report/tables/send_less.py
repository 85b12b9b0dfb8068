"""The tables of other ways to send: less in a tensor's place, and through other HTTP libraries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from serlab.analysis.representation import rows
from serlab.analysis.rest_clients import OWN
from serlab.analysis.rest_clients import rows as client_rows
from serlab.analysis.words import counted
from serlab.records.endtoend import RestClientRun
from serlab.records.send_less import SendLess
from serlab.report import units
from serlab.report.tables.console import plain_table

if TYPE_CHECKING:
    from rich.console import Console


def print_send_less(reports: Iterable[SendLess], console: Console) -> None:
    """Print a table per payload: every way of sending it, fastest first, and what could not be sent with the reason."""
    for report in reports:
        found = rows(report)
        kind, version = report.instance.get("kind", ""), report.instance.get("version", "")
        title = (
            f"send less: {report.payload} ({units.size(report.raw_bytes)}) to {report.model}, {kind} ({version}), "
            f"{counted(report.rounds, 'round')}"
        )
        columns = ("sent as", "request", "response", "client", "exchange", "server CPU", "end to end", "÷ as-is",
                   "client peak", "values", "answers")  # fmt: skip
        table = plain_table(title, columns, words=("values", "answers"))
        for row in found:
            if row.end_to_end is not None:
                table.add_row(
                    row.name,
                    units.size(row.request_bytes),
                    units.size(row.response_bytes),
                    units.seconds(row.client_s),
                    units.seconds(row.exchange_s),
                    units.seconds(row.server_cpu_s),
                    units.seconds_interval(row.end_to_end),
                    units.ratio_interval(row.versus_as_is),
                    units.size(row.peak_bytes),
                    row.exactness,
                    row.answers,
                )
        console.print(table)
        for representation, effect in {way.representation: way.effect for way in report.ways}.items():
            console.print(f"{representation}: {effect}")
        told: set[str] = set()
        for row in found:
            if row.end_to_end is None:
                first, _, code = row.failure.partition("\n")
                console.print(f"not sent: {row.representation} over {row.codec}: {first}")
                if code and code not in told:  # what to add to the model, once
                    console.print("\n".join(f"    {line}" for line in code.splitlines()))
                    told.add(code)


def print_rest_clients(runs: Sequence[RestClientRun], console: Console) -> None:
    """Print what each client's exchange takes, against the lab's own; nothing where none was measured."""
    if not runs:
        return
    columns = ("call", "client", "calls", "exchange", "÷ serlab's own", "client CPU")
    table = plain_table("HTTP libraries: the same bodies, another client", columns, left=2)
    for row in client_rows(runs):
        table.add_row(
            f"{row.payload} {row.codec}",
            "serlab's own" if row.client == OWN else row.client,
            str(row.calls) if row.calls else f"FAILED: {row.error[:60]}",
            units.seconds_interval(row.exchange),
            units.ratio_interval(row.versus_own),
            units.seconds(row.client_cpu_s),
        )
    console.print(table)
