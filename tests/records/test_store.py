from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from serlab.errors import SchemaVersionError, StoreError, UnknownNameError
from serlab.records.deployment import UploadReport
from serlab.records.run_data import RunData
from serlab.records.schema import SCHEMA_VERSION
from serlab.records.store import RunFolder, create_run, file_stem, find_run, list_runs, newest_run
from tests.records.odd_files import KINDS, make_odd

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.fixture
def folder(tmp_path: Path, run_data: RunData) -> RunFolder:
    folder = create_run(tmp_path, "box", now=NOW)
    folder.write_info(run_data.info)
    folder.add_memory(*run_data.memory)
    folder.add_endtoend(*run_data.endtoend)
    return folder


def test_what_is_written_is_what_is_read(folder: RunFolder, run_data: RunData) -> None:
    again = RunFolder(folder.path).read()
    assert again.info == run_data.info
    assert again.memory == run_data.memory
    assert again.endtoend == run_data.endtoend


def test_every_file_names_the_schemas_version(folder: RunFolder) -> None:
    for name in ("run.json", "memory.jsonl", "endtoend.jsonl"):
        text = (folder.path / name).read_text()
        document = json.loads(text if name == "run.json" else text.partition("\n")[0])
        assert document["schema_version"] == SCHEMA_VERSION


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
    before = (folder.path / "run.json").read_bytes()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        folder.write_info(replace(folder.read_info(), rounds=99))
    assert (folder.path / "run.json").read_bytes() == before
    assert {path.name for path in folder.path.iterdir()} == {"run.json", "memory.jsonl", "endtoend.jsonl"}


def test_a_results_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--results"):
        create_run(tmp_path / "file", "box")


def test_a_profile_of_a_case_takes_the_place_of_an_earlier_one(folder: RunFolder, run_data: RunData) -> None:
    drawn = replace(run_data.memory[0], flamegraph="memory/page.html")
    folder.add_memory(drawn)
    assert folder.read_memory() == (drawn, *run_data.memory[1:])


def test_a_call_is_appended_without_touching_those_before(folder: RunFolder, run_data: RunData) -> None:
    file = folder.path / "endtoend.jsonl"
    before, inode = file.read_bytes(), file.stat().st_ino
    folder.add_endtoend(run_data.endtoend[0])
    assert file.read_bytes().startswith(before)
    assert file.stat().st_ino == inode
    assert folder.read_endtoend() == (*run_data.endtoend, run_data.endtoend[0])


@pytest.mark.parametrize("path", ["/etc/passwd", "../other/run.json", "memory/../../x", "a\\b", "", "x\0y", "link/x"])
def test_a_path_out_of_the_run_is_neither_read_nor_written(folder: RunFolder, path: str) -> None:
    (folder.path / "link").symlink_to("/etc")
    with pytest.raises(StoreError, match="no path within the run"):
        folder.inside(path)
    with pytest.raises(StoreError, match="no path within the run"):
        folder.write_part(path.removesuffix(".json") or "../x", {})


def test_a_run_is_written_by_one_process_at_a_time(folder: RunFolder) -> None:
    code = (
        "import sys; from pathlib import Path; from serlab.records.store import RunFolder\n"
        "try: RunFolder(Path(sys.argv[1])).claim()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "else: print('taken')"
    )

    def other() -> str:
        return subprocess.run([sys.executable, "-c", code, folder.path], capture_output=True, text=True).stdout

    assert "StoreError run" in (said := other()), said
    assert folder.name in said
    folder.add_endtoend()  # the holder itself goes on, as does any other object of its process
    RunFolder(folder.path).add_endtoend()


def test_a_folder_that_vanishes_under_its_run_is_noticed(folder: RunFolder, run_data: RunData) -> None:
    shutil.rmtree(folder.path)
    with pytest.raises(StoreError, match=rf"removed.*the {len(run_data.memory) + len(run_data.endtoend)} records"):
        folder.add_endtoend(*run_data.endtoend)
    with pytest.raises(StoreError, match="removed"):
        folder.read_info()
    folder.path.mkdir()  # another one in its place is not this run
    with pytest.raises(StoreError, match="removed"):
        folder.write_info(run_data.info)


def test_what_a_dead_process_was_writing_is_cleared_away(tmp_path: Path, run_data: RunData) -> None:
    path = tmp_path / "box" / "run"
    path.mkdir(parents=True)
    (path / ".run.json-999.unfinished").write_text("{")
    RunFolder(path).write_info(run_data.info)
    assert [entry.name for entry in path.iterdir()] == ["run.json"]


@pytest.mark.parametrize("kind", KINDS)
def test_only_regular_files_of_bounded_size_are_read(folder: RunFolder, kind: str) -> None:
    path = folder.path / "memory.jsonl"
    path.unlink()
    make_odd(path, kind)
    with pytest.raises(StoreError, match=r"memory\.jsonl"):
        folder.read_memory()
    assert folder.read_info()  # the rest stays usable


def test_the_newest_wanted_run_is_found_past_one_that_cannot_be_read(
    folder: RunFolder, tmp_path: Path, run_data: RunData, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = create_run(tmp_path, "box", now=NOW.replace(year=2030))
    newer.write_info(run_data.info)
    path = newer.path / "run.json"
    path.write_text(path.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99'))
    found = newest_run(tmp_path, lambda run: bool(run.read_info().payloads))
    assert found is not None
    assert found.path == folder.path
    assert str(path) in capsys.readouterr().err


def test_a_runs_name_comes_from_where_it_lies(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.path)
    for spelling in (".", "../" + folder.path.name, str(folder.path) + "/memory/.."):
        assert RunFolder(Path(spelling)).name == folder.name
    assert find_run(".", Path("nowhere")).name == folder.name


def test_any_part_can_be_added_and_read(folder: RunFolder) -> None:
    folder.write_part("notes", {"a": [1, 2]})
    assert folder.read_part("notes", dict, {}) == {"a": [1, 2]}
    assert folder.read_part("absent", dict, {"none": True}) == {"none": True}


def test_a_part_that_is_gathered_is_kept_piece_by_piece_and_read_as_one(folder: RunFolder) -> None:
    folder.write_part("upload", UploadReport(failures={"of": "an earlier one"}))
    add = folder.gather("upload")
    for number in range(3):
        add(UploadReport(failures={f"codec {number}": "no answer"}, instance={"kind": "embedded"}))
        found = RunFolder(folder.path).read_part("upload", UploadReport, UploadReport())
        assert list(found.failures) == [f"codec {count}" for count in range(number + 1)]
        assert found.instance == {"kind": "embedded"}
    folder.write_part("upload", found)
    assert folder.read_part("upload", UploadReport, UploadReport()) == found
    assert [path.name for path in folder.path.glob("upload*")] == ["upload.json"]


def test_a_gathered_list_is_read_in_the_order_of_its_pieces(folder: RunFolder) -> None:
    add = folder.gather("claims/steps")
    add((1, 2))
    add((3,))
    assert folder.read_part("claims/steps", tuple[int, ...], ()) == (1, 2, 3)


def test_file_names_of_cases_are_safe_readable_and_distinct() -> None:
    assert file_stem("decode/image/tensor-proto/values") == "decode--image--tensor-proto--values"
    strange = ["encode/@/tmp/a b.npy/json", "encode/@/tmp/a?b.npy/json", "encode/../../x:y/json"]
    stems = [file_stem(case_id) for case_id in strange]
    assert len(set(stems)) == 3
    for stem in stems:
        assert "/" not in stem
        assert not stem.startswith(".")
