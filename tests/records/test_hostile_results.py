"""Whole runs as others may send them: whatever is wrong with one is a StoreError, whoever reads it.

Files of a run are mutated at random, as JSON and as bytes, and everything that reads runs is called in this process.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from rich.console import Console

from serlab.analysis.summary import summarize
from serlab.errors import SerlabError
from serlab.lab.claims import judge_again
from serlab.lab.report_files import read_source
from serlab.measure.plan import Plan
from serlab.records import schema
from serlab.records.claims import ClaimsReport, Evidence
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder, list_runs
from serlab.report import memory_index
from serlab.report.sections import registry
from serlab.report.tables.run import print_run
from tests.records.odd_files import KINDS, make_odd

#: Mutations of the files that every command reads, and of each further part.
MUTATIONS, PART_MUTATIONS = 2000, 40

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1, 0.0, -0.5, 1e-320, 1e308, -1e308, 1e18, 2**53, 2**63, 2**70, 10**400, "", "x", "0", "nan", [],
    {}, [[]], [None], {"a": {}}, "../../../etc/passwd", "/dev/zero", "<script>alert(1)</script>", "\x00", "\u2028",
    "x" * 5000, [0] * 100,
)  # fmt: skip


def mutated(value: Any, random: Random) -> Any:
    """Return a copy of JSON types in which one place is something else."""
    if isinstance(value, dict) and value and random.random() < 0.93:
        key = random.choice(list(value))
        if random.random() < 0.1:
            return {name: item for name, item in value.items() if name != key}
        if random.random() < 0.05:
            return {**value, random.choice(("", "x", key + "x")): value[key]}
        return {**value, key: mutated(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.93:
        index = random.randrange(len(value))
        if random.random() < 0.1:
            return value[:index] + value[index + 1 :]
        if random.random() < 0.1:
            return value + value[index:]
        return [*value[:index], mutated(value[index], random), *value[index + 1 :]]
    return random.choice(HOSTILE)


def mutate_file(path: Path, random: Random) -> None:
    """Change a file in one or two places."""
    content = path.read_bytes()
    for _ in range(random.choice((1, 1, 1, 2))):
        kind = random.random()
        if kind < 0.07:
            content = content[: random.randrange(len(content) + 1)]
        elif kind < 0.14 and content:
            where = random.randrange(len(content))
            content = content[:where] + bytes([random.randrange(256)]) + content[where + 1 :]
        elif kind < 0.16:
            content = random.choice((b"[" * 100_000, b'{"a":' * 100_000, b"", b"null", b"[]", b"\xff\xfe", b'"x"'))
        else:
            content = _mutated_json(content, random, lines=path.suffix == ".jsonl")
    path.write_bytes(content)


def _mutated_json(content: bytes, random: Random, *, lines: bool) -> bytes:
    try:
        if not lines:
            return json.dumps(mutated(json.loads(content), random)).encode()
        texts = content.splitlines()
        index = random.randrange(len(texts))
        texts[index] = json.dumps(mutated(json.loads(texts[index]), random)).encode()
        return b"\n".join(texts) + b"\n"
    except (ValueError, IndexError, RecursionError):
        return content


#: What commands do with a run: summary --json, bench and summary, --resume, claims RUN, memory RUN; report by section.
READERS: tuple[Callable[[RunFolder], object], ...] = (
    lambda folder: summarize(folder.read()),
    lambda folder: Plan.from_record(folder.read_info().plan),
    lambda folder: print_run(folder.read(), Console(file=io.StringIO(), width=200, markup=False)),
    lambda folder: judge_again(folder),
    lambda folder: memory_index.render(read_source(folder)),
    *(lambda folder, build=section.build: build(read_source(folder)) for section in registry.SECTIONS),
)


def read(folder: RunFolder, readers: Sequence[Callable[[RunFolder], object]]) -> None:
    """Let readers have a run; every refusal is one of serlab's own, in one line or a few."""
    for reader in readers:
        said = ""
        try:
            reader(folder)
        except SerlabError as error:
            said = str(error)
        assert len(said) < 2000, said


@pytest.fixture
def folder(run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path) -> RunFolder:
    kept = ("orjson", "tensor-proto", "raw")
    return write_run(
        replace(
            run_data,
            runs=tuple(run for run in run_data.runs if run.case.codec in kept and run.round < 2),
            memory=tuple(profile for profile in run_data.memory if profile.case.codec in kept),
            endtoend=tuple(
                replace(run, calls=run.calls[:3]) for run in run_data.endtoend if run.codec in kept and run.round < 2
            ),
        ),
        tmp_path,
    )


def test_a_run_mutated_at_random_is_read_or_refused(folder: RunFolder) -> None:
    files = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    assert len(files) >= 5
    for seed in range(MUTATIONS):
        random = Random(seed)
        path = random.choice(sorted(files))
        mutate_file(path, random)
        dear = READERS[2 + seed // 5 % (len(READERS) - 2)]
        try:
            read(RunFolder(folder.path), (*READERS[:2], *((dear,) if seed % 5 == 0 else ())))
        except BaseException as error:
            error.add_note(f"seed {seed}, file {path.name}: {path.read_bytes()[:300]!r}")
            raise
        path.write_bytes(files[path])


def test_parts_mutated_at_random_are_shown_or_refused(folder: RunFolder, maker: Callable[[int], Any]) -> None:
    for name, kind in {**registry.parts(), "claims/evidence": Evidence}.items():
        wanted = [name in getattr(section, "PARTS", {}) for section in registry.SECTIONS]
        readers = list(compress(READERS[-len(wanted) :], wanted))
        path = folder.path / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        for seed in range(PART_MUTATIONS):
            random = Random(seed)
            record = maker(seed).record(kind)
            if isinstance(record, ClaimsReport):
                record = replace(
                    record, results=tuple(replace(r, evidence="claims/evidence.json") for r in record.results)
                )
            path.write_bytes(schema.encode(record))
            if seed % 2:
                mutate_file(path, random)
            try:
                read(RunFolder(folder.path), [judge_again, *readers])
            except BaseException as error:
                error.add_note(f"part {name}, seed {seed}: {path.read_bytes()[:300]!r}")
                raise
        path.unlink()


@pytest.mark.parametrize("kind", [*KINDS, "loop", "unreadable name"])
@pytest.mark.parametrize("name", ["run.json", "memory.jsonl", "endtoend.jsonl", "time/encode.jsonl", "load.json"])
def test_what_is_no_regular_file_is_refused_and_the_rest_of_the_folder_stays_usable(
    folder: RunFolder, name: str, kind: str
) -> None:
    path = folder.path / name
    path.unlink(missing_ok=True)
    match kind:
        case "loop":
            path.symlink_to(path)
        case "unreadable name":
            path.with_name("\udcff\n.json").touch()
        case _:
            make_odd(path, kind)
    read(RunFolder(folder.path), READERS[:2])
    sound = [run for run in list_runs(folder.path.parents[1]) if run.name == folder.name]
    assert sound or name == "run.json"
