"""``serlab codecs``: which codecs there are, and why one cannot be used here."""

from __future__ import annotations

from typing import Annotated

import typer


def codecs(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False) -> None:
    """List the codecs: transport, how they work, and whether they can be used here.

    Example: serlab codecs --json
    """
    from serlab.codecs import registry
    from serlab.report.tables.console import plain_table, print_json, wide_console

    reasons = registry.unavailable()
    rows = [
        {"codec": name, **registry.describe(name), "unavailable": reasons.get(name, "")} for name in registry.names()
    ]
    if as_json:
        print_json(rows)
        return
    table = plain_table("", ("codec", "transport", "signature", "request / response", "available"), left=5)
    table.columns[3].no_wrap = table.columns[4].no_wrap = False
    for row in rows:
        table.add_row(
            row["codec"],
            row["transport"],
            row["signature"],
            row["summary"],
            f"no: {row['unavailable']}" if row["unavailable"] else "yes",
        )
    wide_console().print(table)
