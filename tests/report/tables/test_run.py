from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from serlab.records.run import Exactness, Gate
from serlab.records.run_data import RunData
from serlab.report.sentences import words
from serlab.report.tables.run import print_run


def shown(data: RunData) -> str:
    console = Console(record=True, width=220, markup=False, highlight=False, file=open("/dev/null", "w"))  # noqa: SIM115
    print_run(data, console)
    return console.export_text()


def test_a_run_shows_a_table_per_payload_one_of_calls_and_what_correlates(run_data: RunData) -> None:
    text = shown(run_data)
    assert "image: 1x10 float32" in text
    assert "decode tensor-proto (values)" in text
    assert "1,000× [1,000, 1,000]" in text
    assert "end to end, one call in flight, embedded instance" in text
    assert "with a rank correlation of 1.00 (3 points)" in text
    assert "image: going from json to orjson saves" in text
    assert "70 % of 60.0 s was spent inside timed loops and calls, warm-ups included" in text


def test_embedded_figures_are_never_shown_as_tensorflow_servings(run_data: RunData) -> None:
    assert "stands in for TensorFlow Serving" in shown(run_data)


def test_a_tail_without_its_samples_says_how_many_it_needs(run_data: RunData) -> None:
    assert "needs 662 calls" in shown(run_data)


def test_a_codec_that_alters_values_says_so_beside_its_speed(run_data: RunData) -> None:
    lossy = Exactness(10, {"exact": 8, "rounded": 2}, worst_ulp=1)
    gates = tuple(replace(gate, exactness=lossy) if gate.codec == "orjson" else gate for gate in run_data.info.gates)
    lines = shown(replace(run_data, info=replace(run_data.info, gates=gates))).splitlines()
    row = next(line for line in lines if line.startswith("encode orjson"))
    assert "ALTERS: rounded 20 %" in row


def test_a_failed_case_is_shown_as_failed_and_without_a_time(run_data: RunData) -> None:
    failed = Gate("image", "orjson", Exactness(10, {}, failure="holds null"), 0, {})
    gates = tuple(failed if gate.codec == "orjson" else gate for gate in run_data.info.gates)
    kept = tuple(run for run in run_data.runs if run.case.codec != "orjson")
    data = replace(run_data, info=replace(run_data.info, gates=gates), runs=kept, memory=())
    row = next(line for line in shown(data).splitlines() if line.startswith("encode orjson"))
    assert "FAILED" in row
    assert "ms" not in row


def test_what_is_missing_is_said(run_data: RunData) -> None:
    info = replace(run_data.info, missing=("calls/image/json: the server went away",), finished="")
    text = shown(replace(run_data, info=info))
    assert "missing: calls/image/json: the server went away" in text
    assert "this run is not finished: serlab time --resume --run box/run" in text


def test_names_with_markup_are_text(run_data: RunData) -> None:
    info = replace(run_data.info, warnings=("[bold red]not markup[/]",))
    assert "[bold red]not markup[/]" in shown(replace(run_data, info=info))


@pytest.mark.parametrize(
    ("exactness", "said"),
    [
        (None, "not compared"),
        (Exactness(4, {"exact": 4}), "exact"),
        (Exactness(4, {"exact": 1, "flushed": 3}), "ALTERS: flushed 75 %"),
        (Exactness(4, {}, failure="refused"), "FAILED"),
    ],
)
def test_exactness_is_one_word_or_the_words_of_what_happened(exactness: Exactness | None, said: str) -> None:
    assert words(exactness) == said


def test_one_round_has_no_interval_and_no_verdict(run_data: RunData) -> None:
    one = replace(
        run_data,
        runs=tuple(run for run in run_data.runs if run.round == 0),
        endtoend=tuple(run for run in run_data.endtoend if run.round == 0),
    )
    rows = [line for line in shown(one).splitlines() if line.startswith("image ")]
    assert any("(one process)" in row for row in rows)
    assert not any("[" in row for row in rows)
