from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.lab.report_files import read_source
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder
from tests.command_line import serlab


@pytest.fixture
def stored(run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path) -> RunFolder:
    return write_run(run_data, tmp_path)


def test_report_writes_the_page_into_the_run_and_says_where_and_plots_where_asked(
    run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path
) -> None:
    stored = write_run(replace(run_data, runs=(), endtoend=()), tmp_path)
    done = serlab("report", "--results", str(tmp_path), "--plots", str(tmp_path / "plots"))
    assert (done.returncode, done.stderr) == (0, "")
    written = [Path(line) for line in done.stdout.splitlines()]
    assert written[0] == stored.path / "report.html"
    assert all(path.stat().st_size > 1000 for path in written)
    pictures = {path.suffix for path in written[1:]}
    assert pictures == {".svg", ".png"}
    assert len(written) % 2 == 1
    assert "embedded instance, serlab 0.1.0 (not TensorFlow Serving)" in written[1].read_text()


def test_a_page_is_made_anew_not_added_to(stored: RunFolder, tmp_path: Path) -> None:
    (stored.path / "report.html").write_text("old")
    assert serlab("report", str(stored.path)).returncode == 0
    assert (stored.path / "report.html").read_text().startswith("<!doctype html>")
    assert not list(stored.path.glob(".report.html-*"))


def test_without_runs_it_says_how_to_get_one(tmp_path: Path) -> None:
    done = serlab("report", "--results", str(tmp_path))
    assert done.returncode == 2
    assert "serlab bench" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_does_not_exist_is_named_with_those_that_do(stored: RunFolder, tmp_path: Path) -> None:
    done = serlab("report", "nowhere", "--results", str(tmp_path))
    assert done.returncode == 2
    assert "box/run" in done.stderr


def test_a_part_that_is_damaged_does_not_cost_the_others(stored: RunFolder) -> None:
    (stored.path / "cpu.json").write_text('{"schema_version": 99, "data": {}}')
    (stored.path / "precision.json").write_text("not json")
    source = read_source(stored)
    assert set(source.damaged) == {"cpu", "precision"}
    assert source.parts == {}
    assert source.times


def test_a_plot_of_a_payload_named_like_a_path_stays_in_its_folder(
    run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path
) -> None:
    name = "../../@x/y.npy"
    data = RunData(
        replace(run_data.info, payloads=(replace(run_data.info.payloads[0], name=name),), gates=()),
        memory=tuple(replace(one, case=replace(one.case, payload=name)) for one in run_data.memory),
    )
    write_run(data, tmp_path / "results")
    plots = tmp_path / "deep" / "plots"
    done = serlab("report", "--results", str(tmp_path / "results"), "--plots", str(plots))
    assert done.returncode == 0
    assert len(list(plots.iterdir())) == len(done.stdout.splitlines()) - 1
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["plots"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "b", "c"), "3 runs do not stand side by side"),
        (("a", "b", "--plots", "x"), "of one run"),
        (("--publish", "site", "--reference", "x"), "of one run"),
    ],
)
def test_what_is_asked_of_several_runs_and_cannot_be_is_explained(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = serlab("report", *arguments, "--results", str(tmp_path))
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_two_runs_stand_side_by_side(stored: RunFolder, tmp_path: Path) -> None:
    done = serlab("report", "box/run", "box/run", "--results", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Two runs side by side" in Path(done.stdout.strip()).read_text()
