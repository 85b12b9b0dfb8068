"""The precision lab's findings on one screen: a matrix of words, and the worst causes."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from serlab.analysis.precision_causes import causes
from serlab.analysis.precision_matrix import EXACT, Matrix, Word, overview, round_trips
from serlab.records.precision import PrecisionReport
from serlab.report.origin import is_embedded
from serlab.report.precision_words import AS_REAL, OFFLINE, SHOWN_CAUSES, cause_statement, cued, is_near
from serlab.report.tables.console import plain_table
from serlab.report.tables.precision import elements_table, headline

#: Names of a column or row that alike ones share, before the others are counted.
NAMED = 3


def render_screen(report: PrecisionReport, console: Console) -> None:
    """Print what fits a screen; ``--all`` prints the rest."""
    console.print(headline(report))
    if not report.instance:
        console.print(Text(OFFLINE))
    elif is_embedded(report.instance):
        console.print(Text(AS_REAL))
    if report.source:
        console.print(elements_table(round_trips(report)))
    elif report.cells:
        console.print(matrix_table(overview(report), "dtype"))
    found = causes(report)
    if found:
        console.print(Text("\nWhat alters values, the worst first:"))
    for cause in found[:SHOWN_CAUSES]:
        console.print(Text(f"• {_cut(cause_statement(cause, report), 2 * console.width - 4)}"))
    more = len(found) - SHOWN_CAUSES
    rest = f"{more} more, and every" if more > 0 else "Every"
    console.print(Text(f"{rest} class of values with examples in bits: --all" if found else "Nothing was altered."))
    for text in report.missing:
        console.print(Text(f"Missing: {text}"))


def matrix_table(matrix: Matrix, corner: str) -> Table:
    """Return a matrix as a table, each word with a mark beside its colour."""
    table = plain_table("", (corner, *("\n".join(_named(names)) for names in matrix.columns)), left=99)
    for row, line in zip(matrix.rows, matrix.words, strict=True):
        table.add_row(", ".join(row), *map(_cell, line))
    for column in table.columns:
        column.no_wrap = False
    return table


def _cell(word: Word | None) -> Text:
    if word is None:
        return Text("–", style="dim")
    near = all(map(is_near, word.verdicts))
    lines = cued(word if len(word.verdicts) == 1 else replace(word, whole=True))  # several: it is some of each
    return Text("\n".join(lines), style="green" if word.worst == EXACT else "yellow" if near else "red")


def _named(names: tuple[str, ...]) -> list[str]:
    more = len(names) - NAMED
    return list(names) if more <= 1 else [*names[:NAMED], f"{more} more"]


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "…"
