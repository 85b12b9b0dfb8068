from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from serlab.errors import UsageError
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


def at(lines: list[str], payload: str, codec: str) -> int:
    """The number of a codec's line in the table: under its payload's, or in a table of one payload."""
    heading = next(i for i, line in enumerate(lines) if line.rstrip() == payload or line.startswith(f"{payload}   "))
    return next(i for i in range(heading + 1, len(lines)) if lines[i].split()[:1] == [codec])


def test_the_answer_stands_above_its_table(source: Source) -> None:
    lines = shown(source)
    answer = next(i for i, line in enumerate(lines) if line.startswith("A call with image takes"))
    table = at(lines, "image", "tensor-proto")
    assert answer < table
    assert "exact" in lines[table]
    assert "less" in lines[table]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_it_is_never_wider_than_the_terminal_and_keeps_the_codec_and_its_time(source: Source, width: int) -> None:
    lines = shown(source, width)
    assert max(map(len, lines)) <= width
    row = lines[at(lines, "image", "json")]
    assert " ms" in row
    assert "…" not in row


def test_many_payloads_and_codecs_are_still_one_screen(large: RunData, make_source: Callable[..., Source]) -> None:
    lines = shown(make_source(large), 160)
    assert len(lines) <= 48
    assert at(lines, "batch-100", "json")  # what people start from


def test_a_codec_that_alters_says_so_beside_its_speed(altering: RunData, make_source: Callable[..., Source]) -> None:
    lines = shown(make_source(altering))
    assert "ALTERS" in lines[at(lines, "image", "orjson")]


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
    orjson = lines[at(lines, "image", "orjson")]
    assert orjson.endswith("not compared"), "nobody compared what it read"


def without(data: RunData, *codecs: str) -> RunData:
    """The run as it would be had these codecs not been in it."""
    info = replace(
        data.info,
        codecs=tuple(name for name in data.info.codecs if name not in codecs),
        gates=tuple(gate for gate in data.info.gates if gate.codec not in codecs),
    )
    return replace(
        data,
        info=info,
        runs=tuple(run for run in data.runs if run.case.codec not in codecs),
        memory=tuple(profile for profile in data.memory if profile.case.codec not in codecs),
        endtoend=tuple(run for run in data.endtoend if run.codec not in codecs),
        answers=tuple(answer for answer in data.answers if answer.codec not in codecs),
    )


def test_a_run_without_json_is_told_against_the_first_codec_that_it_has(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    data = without(run_data, "json")
    first = next(codec for codec in data.info.codecs if codec != "raw")
    lines = shown(make_source(data))
    assert not [line for line in lines if re.search(r"\bjson\b", line)], "what was not measured is not spoken of"
    assert any(f"than with {first}." in line for line in lines)
    assert any(f"against {first}" in line for line in lines)


def test_a_run_of_one_codec_says_that_there_was_no_other(run_data: RunData, make_source: Callable[..., Source]) -> None:
    others = [codec for codec in run_data.info.codecs if codec not in ("raw", "orjson")]
    text = " ".join(" ".join(shown(make_source(without(run_data, *others)))).split())
    assert "No other codec was measured." in text
    assert "against" not in text
    assert "overtakes" not in text
    assert "The order of codecs" not in text


def test_a_reader_picks_what_it_is_told_against_and_a_codec_that_was_not_measured_is_refused(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    lines = shown(replace(make_source(run_data), now="orjson"))
    assert any("than with orjson." in line for line in lines)
    with pytest.raises(UsageError, match="has no times of wire"):
        replace(make_source(without(run_data, "wire")), now="wire")
