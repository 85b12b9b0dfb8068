"""A stored run as a table: to be printed, or in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from serlab.errors import UnknownNameError
from serlab.lab.export import export_run
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder


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
