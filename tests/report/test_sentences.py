from __future__ import annotations

import pytest

from serlab.records.correlation import Saving
from serlab.records.run import Exactness, Interval
from serlab.report import sentences


@pytest.mark.parametrize(
    ("names", "wanted"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_listed_as_in_a_sentence(names: list[str], wanted: str) -> None:
    assert sentences.listing(names) == wanted


@pytest.mark.parametrize(
    ("ratio", "wanted"),
    [
        (Interval(4.0, 3.0, 5.0, 4), "4.0× [3.0, 5.0] less"),
        (Interval(0.25, 0.2, 0.5, 4), "4.0× [2.0, 5.0] more"),
        (Interval(1.1, 0.9, 1.2, 4), "too close to call, differences from 22 % would show (1.10× [0.90, 1.20])"),
    ],
)
def test_a_comparison_says_less_more_or_that_it_cannot_be_said(ratio: Interval, wanted: str) -> None:
    assert sentences.faster(ratio) == wanted


def test_a_time_of_one_process_is_not_given_an_interval() -> None:
    assert sentences.time(Interval(0.001, 0.001, 0.001, 1)) == "1.00 ms (one process)"
    assert sentences.time(Interval(0.001, 0.0005, 0.002, 3)) == "1.0 ms [500 µs, 2.0 ms]"


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (None, "was not compared"),
        (Exactness(4, {"exact": 4}), "returns the same bits"),
        (Exactness(4, {"exact": 2, "rounded": 1, "flushed": 1}), "alters values: rounded 25 % and flushed 25 %"),
        (Exactness(4, {}, failure="no such dtype"), "fails: no such dtype"),
    ],
)
def test_exactness_is_told_in_words(found: Exactness | None, wanted: str) -> None:
    assert sentences.exactness(found) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Interval(0.004, 0.003, 0.005, 6), "adds 4.0 ms [3.0 ms, 5.0 ms]"),
        (Interval(-0.004, -0.005, -0.003, 6), "saves 4.0 ms [3.0 ms, 5.0 ms]"),
        # An interval on both sides of nothing keeps its signs: without them it would leave out its own median.
        (
            Interval(0.0005, -0.005, 0.001, 6),
            "500 µs [-5.0 ms, 1.0 ms], too close to call, differences from 5.50 ms would show",
        ),
    ],
)
def test_a_change_adds_or_saves_and_its_interval_holds_its_median(value: Interval, wanted: str) -> None:
    assert sentences.change(value) == wanted


def test_a_saving_below_nothing_costs() -> None:
    whole = Interval(-0.002, -0.003, -0.0015, 6)
    said = sentences.saving(Saving("image", "json", "wire", 0.001, -0.0005, whole))
    assert said == (
        "image: going from json to wire costs 2.0 ms [1.5 ms, 3.0 ms] end to end; in isolation it saves 1.00 ms "
        "encoding and costs 500 µs decoding."
    )


def test_a_ratio_of_too_few_processes_is_shown_with_its_range_and_no_verdict() -> None:
    assert (
        sentences.faster(Interval(2.14, 2.02, 2.26, 2, is_range=True)) == "2.14× (range 2.02 to 2.26 of 2): no verdict"
    )
    assert sentences.faster(Interval(2.14, 2.14, 2.14, 1, is_range=True)) == "2.14× (one process): no verdict"
