from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.errors import StoreError
from serlab.lab.history import read_history
from serlab.records.run import Case
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder
from serlab.report.tables.history import as_document, course, step_lines, write_page
from tests.conftest import made_up_run

JSON = Case("image", "json", "encode")


def folder_of(write_run: Callable[[RunData, Path], RunFolder], root: Path, slower: float) -> Path:
    data = made_up_run()
    for number in range(8):
        factor = slower if number >= 6 else 1.0 + 0.002 * (number % 3)
        runs = tuple(
            replace(run, values_s=tuple(factor * value for value in run.values_s)) if run.case == JSON else run
            for run in data.runs
        )
        info = replace(data.info, name=f"box/{number}", git_commit=f"<c{number}>", started=f"2026-01-0{number + 1}")
        kept = write_run(replace(data, info=info, runs=runs), root / "new")
        (root / "box").mkdir(exist_ok=True)
        kept.path.rename(root / "box" / f"2026-01-0{number + 1}T00-00-00Z")
    return root


def test_a_step_is_told_with_its_run_and_commit(
    write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path
) -> None:
    found = read_history(folder_of(write_run, tmp_path, 1.3), ("image",), ("json",))
    (step,) = found.steps
    assert (step.case, step.run, step.borne_out) == (JSON, "box/6", True)
    assert found.newest_steps() == []
    assert step_lines(found.steps)[0].startswith("encode/image/json: +29")
    assert len(as_document(found)["cases"][0]["points"]) == 8
    page = tmp_path / "page.html"
    write_page(found, page)
    text = page.read_text()
    assert "&lt;c6&gt;" in text
    assert "<c6>" not in text
    assert "<script" not in text
    assert text.count("<svg") == 2
    assert "encode image" in text
    assert "decode image" in text


def test_without_runs_there_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run in"):
        read_history(tmp_path)


def test_a_course_goes_from_the_lowest_to_the_highest() -> None:
    assert course([1.0, 2.0, 3.0])[0] == "▁"
    assert course([1.0, 2.0, 3.0])[-1] == "█"
    assert course([]) == ""
