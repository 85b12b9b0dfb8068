from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from serlab.records.endtoend import Answer
from serlab.records.run import Exactness
from serlab.records.run_data import RunData
from serlab.report.source import Source
from serlab.report.tables.run_screen import print_screen

SAME = Exactness(10, {"exact": 10})


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


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((), "Live, the model's answers were not compared."),
        ((Answer("image", "json", "answers/a.bin"),), "Live, image: the model's answers were not compared."),
        (
            (
                Answer("image", "tensor-proto", "answers/a.bin"),
                Answer("image", "json", "answers/b.bin", compared_with="tensor-proto", exactness=SAME),
            ),
            "Live, image: json read the same answer as tensor-proto, bit for bit.",
        ),
    ],
)
def test_of_a_model_it_is_said_what_was_compared(
    answers: tuple[Answer, ...], said: str, run_data: RunData, make_source: Callable[..., Source]
) -> None:
    data = replace(
        run_data,
        info=replace(run_data.info, instance={**run_data.info.instance, "call": {"model": "bert"}}),
        endtoend=tuple(replace(run, exactness=None) for run in run_data.endtoend),
        answers=answers,
    )
    lines = shown(make_source(data), 250)
    text = "\n".join(lines)
    assert said in text
    assert "returned the same bits" not in text
    orjson = next(line for line in lines if line.startswith("image orjson"))
    assert orjson.endswith("not compared"), "nobody compared what it read"
