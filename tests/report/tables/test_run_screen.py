from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from serlab.records.run import RunData
from serlab.report.source import Source
from serlab.report.tables.run_screen import print_screen


def shown(source: Source, width: int = 120) -> list[str]:
    out = io.StringIO()
    print_screen(source, Console(file=out, width=width, highlight=False, markup=False))
    return out.getvalue().splitlines()


def test_the_answer_stands_above_its_table(source: Source) -> None:
    lines = shown(source)
    answer = next(i for i, line in enumerate(lines) if line.startswith("A call with image takes"))
    table = next(i for i, line in enumerate(lines) if line.startswith("image tensor-proto"))
    assert answer < table
    assert "exact" in lines[table]
    assert "less" in lines[table]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_it_is_never_wider_than_the_terminal_and_keeps_the_codec_and_its_time(source: Source, width: int) -> None:
    lines = shown(source, width)
    assert max(map(len, lines)) <= width
    row = next(line for line in lines if line.startswith("image json"))
    assert " ms" in row
    assert "…" not in row


def test_many_payloads_and_codecs_are_still_one_screen(large: RunData, make_source: Callable[..., Source]) -> None:
    lines = shown(make_source(large), 160)
    assert len(lines) <= 48
    assert any(line.startswith("batch-100 json ") for line in lines)  # what people start from


def test_a_codec_that_alters_says_so_beside_its_speed(altering: RunData, make_source: Callable[..., Source]) -> None:
    row = next(line for line in shown(make_source(altering)) if line.startswith("image orjson"))
    assert "ALTERS" in row


def test_a_run_without_times_says_so(run_data: RunData, tmp_path: Path) -> None:
    empty = RunData(replace(run_data.info, gates=()))
    assert "Nothing was timed or called in this run." in shown(Source(empty, tmp_path))
