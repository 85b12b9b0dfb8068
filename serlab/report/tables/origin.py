"""Where the figures of an experiment come from, in the line above its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from serlab.records.run import RunInfo


def print_origin(instance: Mapping[str, object], info: RunInfo, console: Console) -> None:
    """Say which instance, machine and date figures are of; embedded ones are never TensorFlow Serving's."""
    console.print(
        f"{instance.get('kind')} instance, {instance.get('version')}; {info.machine.name}, {info.machine.cpu_model}, "
        f"{info.machine.cores} cores; {info.started}"
    )
    if instance.get("kind") == "embedded":
        console.print("The embedded instance stands in for TensorFlow Serving; its times are its own.")


def plain_table(title: str, columns: Sequence[str], *, left: int = 1) -> Table:
    """Return an empty table; the first ``left`` columns are words, the others numbers."""
    table = Table(title=f"\n{title}", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position < left else "right", no_wrap=position < left)
    return table
