from __future__ import annotations

import pytest

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
        (Interval(4.0, 3.0, 5.0, 4), "4.00× [3.00, 5.00] less"),
        (Interval(0.25, 0.2, 0.5, 4), "4.00× [2.00, 5.00] more"),
        (Interval(1.1, 0.9, 1.2, 4), "too close to call (1.10× [0.90, 1.20])"),
    ],
)
def test_a_comparison_says_less_more_or_that_it_cannot_be_said(ratio: Interval, wanted: str) -> None:
    assert sentences.faster(ratio) == wanted


def test_a_time_of_one_process_is_not_given_an_interval() -> None:
    assert sentences.time(Interval(0.001, 0.001, 0.001, 1)) == "1.00 ms (one process, no interval)"
    assert sentences.time(Interval(0.001, 0.0005, 0.002, 3)) == "1.00 ms [500 µs, 2.00 ms]"


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (None, "was not checked for exactness"),
        (Exactness(4, {"exact": 4}), "returns the same bits"),
        (Exactness(4, {"exact": 2, "rounded": 1, "flushed": 1}), "alters values: rounded 25 % and flushed 25 %"),
        (Exactness(4, {}, failure="no such dtype"), "fails: no such dtype"),
    ],
)
def test_exactness_is_told_in_words(found: Exactness | None, wanted: str) -> None:
    assert sentences.exactness(found) == wanted
