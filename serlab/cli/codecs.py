"""``serlab codecs``: which codecs there are, and why one cannot be used here."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def codecs(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False) -> None:
    """List the codecs: transport, how they work, and whether they can be used here.

    Example: serlab codecs --json
    """
    from serlab.codecs import registry

    reasons = registry.unavailable()
    rows = [
        {"codec": name, **registry.describe(name), "unavailable": reasons.get(name, "")} for name in registry.names()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("codec", "transport", "signature", "request / response", "available")
    for row in rows:
        table.add_row(
            row["codec"],
            row["transport"],
            row["signature"],
            row["summary"],
            f"no: {row['unavailable']}" if row["unavailable"] else "yes",
        )
    Console(markup=False).print(table)
