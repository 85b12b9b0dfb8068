from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.records.run_data import RunData
from serlab.report import origin, page
from serlab.report.source import Source


@pytest.mark.parametrize(("rounds", "wanted"), [(0, ""), (1, "1 round"), (5, "5 rounds")])
def test_rounds_are_said_where_there_were_any(rounds: int, wanted: str) -> None:
    assert origin.rounds_text(rounds) == wanted


def test_the_page_of_an_experiment_does_not_say_that_it_had_no_rounds(source: Source) -> None:
    experiment = replace(source, data=replace(source.data, info=replace(source.data.info, rounds=0, profile="load")))
    assert "0 rounds" not in page.render(experiment)


def test_the_embedded_instance_is_never_taken_for_the_real_one(run_data: RunData) -> None:
    embedded = {"kind": "embedded", "version": "serlab 0.1.0"}
    assert "not TensorFlow Serving" in origin.marked_instance(embedded)
    assert origin.STAND_IN in origin.origin_lines(embedded, run_data.info)
    real = {"kind": "binary", "version": "2.20.0"}
    assert origin.marked_instance(real) == "binary instance, 2.20.0"
    assert origin.STAND_IN not in origin.origin_lines(real, run_data.info)
