from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest

from serlab.analysis.summary import summarize
from serlab.records.published import Published, Total, parse_published
from serlab.records.run_data import RunData
from serlab.report.published import Entry, render

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def one(run_data: RunData) -> Published:
    return parse_published(msgspec.json.encode(summarize(run_data)), "a file")


def other(found: Published, factor: float) -> Published:
    """The same calls on a real server, where each takes ``factor`` times as long."""
    calls = []
    for call in found.endtoend:
        known = call.total_s
        times = (known.p50, known.p90, known.p99, known.low, known.high)
        calls.append(replace(call, total_s=Total(*(time and time * factor for time in times))))
    return replace(found, endtoend=tuple(calls), instance={"kind": "binary", "version": "2.20.0"})


def test_every_call_of_every_run_has_a_row_that_can_be_linked_to(one: Published) -> None:
    text = render([Entry(one), Entry(other(one, 2)), Entry(other(one, 3))])
    assert len(re.findall(r'<tr id="calls-table-\d+">', text)) == 3 * len(one.endtoend)
    assert 'data-columns="server|payload|codec"' in text


def test_every_row_leads_to_the_command_that_measures_it_again(one: Published) -> None:
    text = render([Entry(one), Entry(other(one, 2)), Entry(other(one, 3))])
    places = set(re.findall(r'<a href="#(runs-table-\d+)">', text))
    assert places == {"runs-table-1", "runs-table-2", "runs-table-3"}
    for place in places:
        row = text[text.index(f'<tr id="{place}">') :].partition("\n<tr")[0]
        assert one.run.command in row


def test_the_lab_s_own_server_is_never_taken_for_the_real_one(one: Published) -> None:
    text = render([Entry(one), Entry(other(one, 2))])
    assert "TensorFlow Serving, 2026-01-02" in text
    assert "embedded, 2026-01-02" in text
    assert "embedded instance, serlab 0.1.0 (not TensorFlow Serving)" in text


def test_how_to_measure_again_stands_beside_each_run(one: Published) -> None:
    text = render([Entry(one, "./one.json", "./one.html")])
    assert "serlab bench" in text
    assert "numpy 2.0" in text
    assert 'href="./one.json"' in text
    assert 'href="./one.html"' in text


@pytest.mark.parametrize(("factor", "verdict"), [(2.0, "slower"), (0.5, "faster"), (1.0, "too close to call")])
def test_two_runs_are_held_against_each_other(one: Published, factor: float, verdict: str) -> None:
    text = re.sub("<[^>]*>", "", render([Entry(one), Entry(other(one, factor))]))
    assert f": {len(one.endtoend)} {verdict}." in text
    assert "Side by side" not in render([Entry(one), Entry(other(one, 2)), Entry(other(one, 3))])


def test_too_few_processes_give_no_verdict(one: Published) -> None:
    few = replace(one, endtoend=tuple(replace(call, clients=2) for call in one.endtoend))
    assert f": {len(one.endtoend)} no verdict." in render([Entry(few), Entry(other(few, 9))])


def test_a_run_without_calls_and_names_with_markup_are_shown_as_they_are(one: Published) -> None:
    run = replace(one.run, command=HOSTILE, machine=replace(one.run.machine, cpu_model=HOSTILE))
    text = render([Entry(replace(one, run=run, endtoend=(), instance={"kind": HOSTILE, "version": HOSTILE}))])
    assert HOSTILE not in text
    assert "no server was called" in text
