"""What is printed for people and for machines: the console, the one kind of table, and JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from serlab.report import blocks

#: Width of tables where there is no terminal to ask: a pipe must not cut figures off.
PLAIN_WIDTH = 200


def wide_console() -> Console:
    """Return a console for standard output; NO_COLOR is honoured, what is not a terminal gets plain wide text."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=PLAIN_WIDTH)


def plain_table(title: str, columns: Sequence[str], *, left: int = 1, words: Sequence[str] = ()) -> Table:
    """Return an empty table; the first ``left`` columns and those in ``words`` hold words, the others numbers."""
    from rich.table import Table

    heading = f"\n{title}" if title else None
    table = Table(title=heading, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        is_word = position < left or column in words
        table.add_column(column, justify="left" if is_word else "right", no_wrap=position < left)
    return table


def shown(found: blocks.Table) -> Table:
    """Return a page's table as the terminal shows it: its words, with the caption as its title."""
    text = next((at for at, column in enumerate(found.columns) if column.numeric), len(found.columns))
    words = [column.title for column in found.columns if not column.numeric]
    table = plain_table(found.caption, [column.title for column in found.columns], left=text, words=words)
    for row in found.rows:
        table.add_row(*(cell.text for cell in row))
    return table


def print_json(found: Any) -> None:
    """Print records as JSON for machines: indented, what is not a number as null."""
    import msgspec

    from serlab.records.secret import masked

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(found, enc_hook=masked), indent=2).decode() + "\n")
