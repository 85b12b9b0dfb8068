from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.errors import StoreError
from serlab.lab.experiment import open_folder
from serlab.lab.keeping import Keeping
from serlab.lab.memory_pages import run_with_memory
from serlab.lab.profiled_run import run_of_this_machine
from serlab.measure.process.machine import describe_machine
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder

Write = Callable[[RunData, Path], RunFolder]


@pytest.fixture
def ours(run_data: RunData, write_run: Write, tmp_path: Path) -> RunFolder:
    info = replace(run_data.info, name="here/2026-01-01T00-00-00Z", machine=describe_machine())
    return write_run(replace(run_data, info=info), tmp_path)


@pytest.fixture
def unreadable(run_data: RunData, write_run: Write, tmp_path: Path) -> RunFolder:
    """A newer run that a later serlab wrote."""
    folder = write_run(replace(run_data, info=replace(run_data.info, name="here/2027-01-01T00-00-00Z")), tmp_path)
    for file in ("run.json", "memory.jsonl"):
        path = folder.path / file
        path.write_text(path.read_text().replace('"schema_version": 2', '"schema_version": 99').replace(":2}", ":99}"))
    return folder


@pytest.mark.usefixtures("unreadable")
def test_a_run_that_cannot_be_read_is_passed_over_aloud(
    ours: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_of_this_machine(None, tmp_path).path == ours.path
    assert "schema version 99" in capsys.readouterr().err
    capture = ours.inside(ours.read_memory()[0].capture)
    capture.parent.mkdir()
    capture.touch()
    assert run_with_memory(None, tmp_path, here=False, any_part=False).path == ours.path
    assert run_with_memory(None, tmp_path, here=True, any_part=True).path == ours.path
    assert "schema version 99" in capsys.readouterr().err


def test_no_experiment_adds_to_a_run_of_another_machine(run_data: RunData, write_run: Write, tmp_path: Path) -> None:
    elsewhere = write_run(run_data, tmp_path)
    with pytest.raises(StoreError, match="measured on box"):
        open_folder("load", Keeping(tmp_path, elsewhere.name, 1), (), ())
