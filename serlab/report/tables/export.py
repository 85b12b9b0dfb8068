"""Rows as text for other programs and for pages: CSV (RFC 4180) and Markdown tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a header and a line per row; None is an empty field, numbers keep all their digits."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [])
    if rows:
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def as_markdown(rows: Sequence[Mapping[str, Any]]) -> str:
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
