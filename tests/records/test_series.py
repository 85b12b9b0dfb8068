from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serlab.errors import SchemaVersionError, StoreError
from serlab.records import series
from serlab.records.endtoend import CallSample

SAMPLES = tuple(CallSample(number, 0.5, 0.25, number + 1.0) for number in range(3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "calls.jsonl"
    for sample in SAMPLES:
        series.append(path, [sample])
    return path


def test_what_is_appended_one_by_one_is_read_together(path: Path) -> None:
    assert series.read(path, CallSample) == SAMPLES
    assert len(path.read_bytes().splitlines()) == 1 + len(SAMPLES)


def test_a_line_torn_at_any_byte_loses_nothing_but_itself(path: Path) -> None:
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        assert series.read(path, CallSample) == SAMPLES[:-1]
        series.append(path, [SAMPLES[0]])
        assert series.read(path, CallSample) == (*SAMPLES[:-1], SAMPLES[0])


def test_a_torn_first_line_is_an_empty_series(path: Path) -> None:
    path.write_bytes(b'{"schema_ver')
    assert series.read(path, CallSample) == ()


def test_a_torn_line_longer_than_a_block_is_dropped_whole(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b"7" * 200_000)
    series.append(path, [SAMPLES[1]])
    assert series.read(path, CallSample) == (*SAMPLES, SAMPLES[1])


def test_a_new_series_begins_with_the_earlier_records(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    series.append(path, SAMPLES[2:], earlier=lambda: SAMPLES[:2])
    series.append(path, SAMPLES[:1], earlier=lambda: SAMPLES)
    assert series.read(path, CallSample) == (*SAMPLES, SAMPLES[0])


def test_a_write_that_fails_half_way_leaves_the_series_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write, calls = path.read_bytes(), os.write, []

    def full(handle: int, data: bytes) -> int:
        calls.append(data)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[:10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match="No space left"):
        series.append(path, SAMPLES)
    assert path.read_bytes() == before


def test_a_line_that_is_no_record_is_named_with_its_field(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    lines[2] = lines[2].replace("0.5", '"half"')
    path.write_text("".join(lines))
    with pytest.raises(StoreError, match=r"calls\.jsonl, line 3.*exchange_s"):
        series.read(path, CallSample)


def test_lines_of_a_newer_version_are_refused(path: Path) -> None:
    path.write_text('{"schema_version": 99}\n{}\n')
    with pytest.raises(SchemaVersionError, match="99"):
        series.read(path, CallSample)


def test_a_series_that_is_a_pipe_is_not_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "calls.jsonl")
    with pytest.raises(StoreError, match="calls"):
        series.append(tmp_path / "calls.jsonl", SAMPLES)


@given(st.lists(st.lists(st.text(), max_size=3), max_size=5))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("series") / "texts.jsonl"
    for batch in batches:
        series.append(path, batch)
    if batches:
        assert series.read(path, str) == tuple(text for batch in batches for text in batch)
