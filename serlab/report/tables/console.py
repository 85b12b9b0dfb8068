"""The console that tables are printed to."""

from __future__ import annotations

from rich.console import Console

#: Width of tables where there is no terminal to ask: a pipe must not cut figures off.
PLAIN_WIDTH = 200


def wide_console() -> Console:
    """Return a console for standard output; NO_COLOR is honoured, what is not a terminal gets plain wide text."""
    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=PLAIN_WIDTH)
