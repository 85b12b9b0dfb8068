"""What ``serlab export`` makes: a stored run as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serlab.analysis.export import WHAT, rows
from serlab.errors import UnknownNameError
from serlab.records.files import replace_file
from serlab.records.store import find_run


def export_run(run: str | None, results: Path, what: str, output: Path | None, *, as_markdown: bool) -> str | Path:
    """Return a run's cases, samples or calls as CSV or Markdown; with ``output`` write that, and return the path.

    Raises:
        UnknownNameError: there is no such run, or nothing else called ``what``.
        StoreError: the run cannot be read, or the file not be written.
    """
    if what not in WHAT:
        raise UnknownNameError("export", what, WHAT)
    found = rows(find_run(run, results).read(), what)
    text = markdown_text(found) if as_markdown else csv_text(found)
    return text if output is None else replace_file(output, text.encode())


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a header and a line per row; None is an empty field, numbers keep all their digits."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [])
    if rows:
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def markdown_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table as GitHub and others show it; numbers have four significant digits. "" for no rows."""
    if not rows:
        return ""
    columns = list(rows[0])
    numeric = [all(_is_number(row[column]) or row[column] is None for row in rows) for column in columns]
    lines = [columns, ["--:" if right else ":--" for right in numeric]]
    lines += [[_cell(row[column]) for column in columns] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    # Names may be anyone's: nothing in them ends a cell, a line, or becomes markup.
    text = "".join(character if character.isprintable() else " " for character in str(value))
    for character in "\\|<>`*_[]":
        text = text.replace(character, f"\\{character}")
    return text
