from __future__ import annotations

import pytest

from serlab.records.run import Interval
from serlab.report import units


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.0, "0 s"), (1.5, "1.50 s"), (0.0446, "44.6 ms"), (8.82e-6, "8.82 µs"), (85.4e-9, "85.4 ns"),
     (3e-11, "0.03 ns"), (-0.002, "-2.00 ms"), (125.0, "125 s")],
)  # fmt: skip
def test_times_have_three_digits_and_a_unit(value: float | None, shown: str) -> None:
    assert units.seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0, "0 B"), (1074, "1,074 B"), (10_239, "10,239 B"), (602_112, "588 KiB"), (1_700_685, "1.62 MiB"),
     (2**31, "2.00 GiB")],
)  # fmt: skip
def test_sizes_are_bytes_until_they_get_long(value: int | None, shown: str) -> None:
    assert units.size(value) == shown


def test_ratios_come_with_their_interval() -> None:
    assert units.ratio_interval(Interval(2.834, 2.79, 12.9, 5)) == "2.83× [2.79, 12.90]"
    assert units.ratio(1240.4) == "1,240×"


def test_times_come_with_the_larger_half_of_their_interval() -> None:
    assert units.seconds_interval(Interval(0.1, 0.09, 0.102, 5)) == "100 ms ±10 %"


def test_a_single_run_has_no_interval_to_show() -> None:
    assert units.seconds_interval(Interval(0.1, 0.1, 0.1, 1)) == "100 ms (1 run)"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Interval(0.281, 0.278, 0.3035, 9), "281 ms [278 ms, 304 ms]"),  # ± 22 ms: two digits
        (Interval(0.253, 0.195, 0.256, 9), "253 ms [195 ms, 256 ms]"),  # + 3 ms: one digit
        (Interval(4.4612e-3, 4.46e-3, 4.47e-3, 9), "4.46 ms [4.46 ms, 4.47 ms]"),  # never more than three
        (Interval(1.0, 0.0996, 9.0, 9), "1.0 s [100 ms, 9.0 s]"),
    ],
)
def test_a_figure_has_the_digits_that_its_interval_carries(value: Interval, wanted: str) -> None:
    place = units.carried(value)
    low, high = units.seconds(value.low, place), units.seconds(value.high, place)
    assert f"{units.seconds(value.median, place)} [{low}, {high}]" == wanted


@pytest.mark.parametrize(("share", "said"), [(0.00519, "0.52 %"), (0.26, "26 %"), (3.12, "310 %"), (47.0, "4,700 %")])
def test_what_can_be_told_apart_has_two_digits_however_large_it_is(share: float, said: str) -> None:
    assert units.difference(share) == said
