from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from serlab.errors import StoreError, UnknownNameError
from serlab.lab.publish import publish, side_by_side
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder

Write = Callable[[RunData, Path], RunFolder]
MEGABYTE = 1_000_000


def test_a_run_is_published_with_its_own_page_and_its_summary(
    run_data: RunData, write_run: Write, tmp_path: Path
) -> None:
    write_run(run_data, tmp_path / "results")
    written = publish([], tmp_path / "results", tmp_path / "site")
    assert [path.name for path in written] == ["index.html", "box--run.html", "box--run.json"]
    assert all(path.stat().st_size < MEGABYTE for path in written)
    assert json.loads(written[2].read_text())["run"]["name"] == "box/run"
    assert 'href="./box--run.html"' in written[0].read_text()


def test_a_published_page_leads_nowhere_outside_its_folder(run_data: RunData, write_run: Write, tmp_path: Path) -> None:
    write_run(run_data, tmp_path / "results")
    own = publish(["box/run"], tmp_path / "results", tmp_path / "site")[1].read_text()
    assert "endtoend.json" not in own


def test_summaries_from_other_machines_are_published_too(run_data: RunData, write_run: Write, tmp_path: Path) -> None:
    write_run(run_data, tmp_path / "results")
    summary = publish(["box/run"], tmp_path / "results", tmp_path / "there")[2]
    written = publish([str(summary), "box/run"], tmp_path / "results", tmp_path / "site")
    text = written[0].read_text()
    assert "to measure it again" in text
    assert text.count('<tr id="runs-table-') == 2


def test_two_runs_side_by_side_are_written_beside_the_second(
    run_data: RunData, write_run: Write, tmp_path: Path
) -> None:
    folder = write_run(run_data, tmp_path)
    page = side_by_side("box/run", "box/run", tmp_path)
    assert page == folder.path / "against-box--run.html"
    assert "Two runs side by side" in page.read_text()


def test_what_cannot_be_published_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no benchmarks"):
        publish([], tmp_path, tmp_path / "site")
    with pytest.raises(UnknownNameError):
        publish(["nothing"], tmp_path, tmp_path / "site")
    with pytest.raises(StoreError, match="cannot read"):
        publish([str(tmp_path / "gone.json")], tmp_path, tmp_path / "site")
