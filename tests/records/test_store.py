from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from serlab.errors import SchemaVersionError, StoreError, UnknownNameError
from serlab.records.run import RunData
from serlab.records.store import RunFolder, create_run, file_stem, find_run, list_runs

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.fixture
def folder(tmp_path: Path, run_data: RunData) -> RunFolder:
    folder = create_run(tmp_path, "box", now=NOW)
    folder.write_info(run_data.info)
    folder.write_memory(run_data.memory)
    folder.write_endtoend(run_data.endtoend)
    return folder


def test_what_is_written_is_what_is_read(folder: RunFolder, run_data: RunData) -> None:
    again = RunFolder(folder.path).read()
    assert again.info == run_data.info
    assert again.memory == run_data.memory
    assert again.endtoend == run_data.endtoend


def test_every_file_names_the_schemas_version(folder: RunFolder) -> None:
    for name in ("run.json", "memory.json", "endtoend.json"):
        assert json.loads((folder.path / name).read_text())["schema_version"] == 1


def test_two_runs_of_one_second_get_two_folders(tmp_path: Path) -> None:
    first, second = (create_run(tmp_path, "box", now=NOW) for _ in range(2))
    assert first.path != second.path


def test_a_run_is_found_by_folder_by_name_and_as_the_newest(
    folder: RunFolder, tmp_path: Path, run_data: RunData
) -> None:
    newer = create_run(tmp_path, "abacus", now=NOW.replace(year=2027))
    newer.write_info(run_data.info)
    assert find_run(None, tmp_path).path == newer.path
    for spec in (str(folder.path), folder.name, folder.path.name, "box"):
        assert find_run(spec, tmp_path).path == folder.path
    assert [run.path for run in list_runs(tmp_path)] == [folder.path, newer.path]


def test_the_newest_run_is_the_newest_benchmark(folder: RunFolder, tmp_path: Path, run_data: RunData) -> None:
    other = create_run(tmp_path, "box", now=NOW.replace(year=2028))
    other.write_info(replace(run_data.info, plan={}))
    assert find_run(None, tmp_path).path == folder.path
    assert find_run(other.name, tmp_path).path == other.path


def test_a_run_that_does_not_exist_is_refused_with_those_that_do(folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=folder.name):
        find_run("nope", tmp_path)
    with pytest.raises(StoreError, match="serlab bench"):
        find_run(None, tmp_path / "empty")


def test_a_run_of_another_schema_version_is_refused(folder: RunFolder) -> None:
    path = folder.path / "run.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "schema_version": 99}))
    with pytest.raises(SchemaVersionError, match="schema version 99"):
        folder.read_info()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 1}', '{"schema_version": 1, "data": {"name": 7}}'])
def test_a_file_that_is_no_record_is_an_error_not_a_crash(folder: RunFolder, text: str) -> None:
    (folder.path / "run.json").write_text(text)
    with pytest.raises(StoreError):
        folder.read_info()


def test_a_times_file_that_is_no_pyperf_suite_is_an_error(folder: RunFolder) -> None:
    (folder.path / "time").mkdir()
    (folder.path / "time" / "encode.json").write_text('{"benchmarks": 3}')
    with pytest.raises(StoreError, match="pyperf"):
        folder.read_runs()


def test_an_interrupted_write_leaves_the_file_as_it_was(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder.path / "endtoend.json").read_bytes()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        folder.write_endtoend([])
    assert (folder.path / "endtoend.json").read_bytes() == before
    assert {path.name for path in folder.path.iterdir()} == {"run.json", "memory.json", "endtoend.json"}


def test_a_results_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--results"):
        create_run(tmp_path / "file", "box")


def test_any_part_can_be_added_and_read(folder: RunFolder) -> None:
    folder.write_part("notes", {"a": [1, 2]})
    assert folder.read_part("notes", dict, {}) == {"a": [1, 2]}
    assert folder.read_part("absent", dict, {"none": True}) == {"none": True}


def test_file_names_of_cases_are_safe_readable_and_distinct() -> None:
    assert file_stem("decode/image/tensor-proto/values") == "decode--image--tensor-proto--values"
    strange = ["encode/@/tmp/a b.npy/json", "encode/@/tmp/a?b.npy/json", "encode/../../x:y/json"]
    stems = [file_stem(case_id) for case_id in strange]
    assert len(set(stems)) == 3
    for stem in stems:
        assert "/" not in stem
        assert not stem.startswith(".")
