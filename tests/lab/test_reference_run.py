from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.errors import StoreError, UsageError
from serlab.lab import reference_run
from serlab.lab.memory_pages import draw
from serlab.lab.progress import ProgressShow
from serlab.lab.reference_run import CALLS_KEPT, copy_run
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder


@pytest.fixture
def told(run_data: RunData) -> RunData:
    """The made-up run with everything in it that names a machine."""
    machine = replace(run_data.info.machine, name="alices-laptop", kernel="6.1.0-alice-custom")
    info = replace(
        run_data.info, machine=machine, name="alices-laptop/run",
        command="serlab bench --results /home/alice/results --profile smoke",
    )  # fmt: skip
    clients = tuple(replace(run, calls=run.calls * 10) for run in run_data.endtoend)
    return replace(run_data, info=info, endtoend=clients)


@pytest.fixture
def stored(told: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path) -> RunFolder:
    folder = write_run(told, tmp_path / "results")
    (folder.path / "memory").mkdir()
    (folder.path / "memory" / "large.bin").write_bytes(bytes(10**6))
    suite = folder.path / "time" / "encode.json"
    content = json.loads(suite.read_text())
    content["metadata"] |= {"hostname": "alices-laptop", "python_executable": "/home/alice/.venv/bin/python"}
    suite.write_text(json.dumps(content))
    return folder


def test_a_copy_is_small_and_names_no_machine_and_no_folder(stored: RunFolder, tmp_path: Path) -> None:
    copy = copy_run(stored, tmp_path / "reference" / "run")
    files = [path for path in copy.path.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < reference_run.MAX_BYTES
    assert not list(copy.path.rglob("*.bin"))
    for path in files:
        assert "alice" not in path.read_text()
    assert copy.read_info().command == "serlab bench --profile smoke"
    assert copy.read_info().machine.kernel == "6.1.0"
    assert copy.name == copy.read_info().name == "reference/run"


def test_its_figures_are_those_of_the_run(stored: RunFolder, tmp_path: Path) -> None:
    copy = copy_run(stored, tmp_path / "reference" / "run")
    assert copy.read_runs() == stored.read_runs()
    assert [profile.peak_bytes for profile in copy.read_memory()] == [
        profile.peak_bytes for profile in stored.read_memory()
    ]
    kept, whole = copy.read_endtoend()[0], stored.read_endtoend()[0]
    assert (len(kept.calls), len(whole.calls)) == (CALLS_KEPT, 200)
    assert kept.client_cpu_s / len(kept.calls) == pytest.approx(whole.client_cpu_s / len(whole.calls))
    assert f"{CALLS_KEPT} evenly chosen" in copy.read_info().warnings[-1]
    assert (copy.path / "report.html").exists()


def test_a_copy_that_would_still_name_the_machine_is_refused(stored: RunFolder, tmp_path: Path) -> None:
    stored.write_info(replace(stored.read_info(), missing=("worker of alices-laptop died",)))
    with pytest.raises(StoreError, match="still names this machine: alices-laptop"):
        copy_run(stored, tmp_path / "one")
    stored.write_info(replace(stored.read_info(), missing=("cannot read /home/alice/x.npy",)))
    with pytest.raises(StoreError, match=r"/home/alice/x\.npy"):
        copy_run(stored, tmp_path / "two")


def test_a_copy_that_is_too_large_is_refused(
    stored: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_run, "MAX_BYTES", 1000)
    with pytest.raises(StoreError, match="more than 1,000"):
        copy_run(stored, tmp_path / "reference")


def test_nothing_is_overwritten(stored: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not empty"):
        copy_run(stored, stored.path)


def test_pages_cannot_be_drawn_of_captures_that_were_left_out(stored: RunFolder, tmp_path: Path) -> None:
    copy = copy_run(stored, tmp_path / "reference" / "run")
    with pytest.raises(UsageError, match="captures of reference/run are not here"):
        draw(copy, "all", "flamegraph", ProgressShow(quiet=True))


def test_a_copy_that_holds_a_credential_is_refused(stored: RunFolder, tmp_path: Path) -> None:
    """An older version recorded the command line as it was given, and a server may have quoted what it was sent."""
    file = stored.path / "run.json"
    command = json.dumps("serlab bench --header 'x-api-key: SECRETTOKEN123'")
    file.write_text(re.sub(r'"command": "[^"]*"', lambda _: f'"command": {command}', file.read_text()))
    assert "SECRETTOKEN123" in file.read_text()
    clean = copy_run(stored, tmp_path / "clean")
    assert "SECRETTOKEN123" not in "".join(path.read_text() for path in clean.path.rglob("*.*") if path.is_file())
    info = stored.read_info()
    stored.write_info(replace(info, missing=("a server said: SECRETTOKEN123 is not known",)))
    file.write_text(re.sub(r'"command": "[^"]*"', lambda _: f'"command": {command}', file.read_text()))
    with pytest.raises(StoreError, match="holds a credential"):
        copy_run(stored, tmp_path / "refused")
