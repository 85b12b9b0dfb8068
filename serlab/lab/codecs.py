"""What ``serlab codecs`` prints: every codec, and why one cannot be used here."""

from __future__ import annotations

from serlab.codecs import registry
from serlab.report.tables.console import plain_table, print_json, wide_console


def show_codecs(*, as_json: bool) -> None:
    """Print transport, signature and summary of every codec, and the reason where it is unavailable."""
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
