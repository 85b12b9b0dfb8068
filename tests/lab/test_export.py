"""A stored run as a table: to be printed, or in a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serlab.errors import UnknownNameError
from serlab.lab.export import csv_text, export_run, markdown_text
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder

ROWS: list[dict[str, Any]] = [
    {"codec": 'a "b", c\n', "time_s": 0.1 + 0.2, "bytes": 7, "exact": True},
    {"codec": "<b>|*x*|</b>", "time_s": None, "bytes": None, "exact": False},
]


@pytest.fixture
def stored(run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path) -> RunFolder:
    return write_run(run_data, tmp_path)


def test_what_is_printed_is_what_the_file_holds(stored: RunFolder, tmp_path: Path) -> None:
    text = export_run(str(stored.path), tmp_path, "cases", None, as_markdown=False)
    file = export_run(str(stored.path), tmp_path, "cases", tmp_path / "cases.csv", as_markdown=False)
    assert isinstance(text, str)
    assert isinstance(file, Path)
    assert file.read_bytes().decode() == text
    assert len(text.splitlines()) > 1


def test_markdown_is_a_table(stored: RunFolder, tmp_path: Path) -> None:
    text = export_run(str(stored.path), tmp_path, "samples", None, as_markdown=True)
    assert isinstance(text, str)
    assert text.startswith("|")


def test_what_is_not_there_is_told(stored: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        export_run(str(stored.path), tmp_path, "everything", None, as_markdown=False)


def test_csv_is_read_back_with_every_digit() -> None:
    first, second = csv.DictReader(io.StringIO(csv_text(ROWS)))
    assert first["codec"] == ROWS[0]["codec"]
    assert float(first["time_s"]) == 0.1 + 0.2
    assert second["time_s"] == ""
    assert csv_text([]) == ""


def test_nothing_in_a_name_breaks_a_markdown_table() -> None:
    lines = markdown_text(ROWS).splitlines()
    assert lines[0] == "| codec | time_s | bytes | exact |"
    assert lines[1] == "| :-- | --: | --: | :-- |"
    assert len(lines) == 4
    assert lines[3] == r"| \<b\>\|\*x\*\|\</b\> |  |  | False |"
    assert markdown_text([]) == ""
