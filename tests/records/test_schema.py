from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from serlab.errors import StoreError
from serlab.records import schema
from serlab.records.correlation import Correlations
from serlab.records.store import RunFolder

#: A run that version 1 wrote; of each client's calls only some are kept.
VERSION_1 = Path(__file__).parents[1] / "data" / "run-schema-1"


@pytest.fixture
def old(tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(VERSION_1, tmp_path / "box" / "old")))


def test_a_run_of_version_1_is_read_whole(old: RunFolder) -> None:
    data = old.read()
    lists = {name: json.loads((VERSION_1 / f"{name}.json").read_text())["data"] for name in ("memory", "endtoend")}
    assert [profile.peak_bytes for profile in data.memory] == [entry["peak_bytes"] for entry in lists["memory"]]
    assert [len(run.calls) for run in data.endtoend] == [len(entry["calls"]) for entry in lists["endtoend"]]
    assert data.info.codecs == tuple(json.loads((VERSION_1 / "run.json").read_text())["data"]["codecs"])
    assert {run.case for run in data.runs} == {profile.case for profile in data.memory}
    assert old.read_part("correlation", Correlations, Correlations()).points


def test_adding_to_a_run_of_version_1_keeps_what_it_has(old: RunFolder) -> None:
    before = old.read()
    old.add_endtoend(before.endtoend[0])
    old.add_memory(before.memory[0])
    after = RunFolder(old.path).read()
    assert after.endtoend == (*before.endtoend, before.endtoend[0])
    assert after.memory == before.memory


def test_every_version_up_to_the_current_has_its_step() -> None:
    assert sorted([*schema.UPGRADES, schema.SCHEMA_VERSION]) == list(range(1, schema.SCHEMA_VERSION + 1))


def test_steps_follow_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def step(number: int) -> Any:
        return lambda data, part: [*data, f"{part} {number}"]

    monkeypatch.setattr(schema, "SCHEMA_VERSION", 4)
    monkeypatch.setattr(schema, "UPGRADES", {number: step(number) for number in (1, 2, 3)})
    text = b'{"schema_version": 2, "data": ["kept"]}'
    assert schema.decode(text, list[str], tmp_path / "notes.json") == ["kept", "notes 2", "notes 3"]


@pytest.mark.parametrize("depth", [65, 500, 1_000_000])
def test_what_is_nested_too_deeply_is_refused(depth: int, tmp_path: Path) -> None:
    text = b'{"schema_version": 2, "data": ' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(StoreError, match=r"notes\.json.*levels"):
        schema.decode(text, object, tmp_path / "notes.json")


def test_brackets_within_strings_are_no_depth(tmp_path: Path) -> None:
    strange = ["[" * 200, '"[{' * 50, "\\[\n{" * 50, '\\"[']
    assert schema.decode(schema.encode(strange), list[str], tmp_path / "notes.json") == strange
