"""Latencies as HdrHistograms."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from serlab.analysis.load import histogram
from serlab.errors import MissingExtraError


def test_merging_loses_no_call_and_moves_no_percentile() -> None:
    rng = np.random.default_rng(1)
    latencies = rng.lognormal(-6, 1, 20_000)
    parts = [histogram.encode(part) for part in np.array_split(latencies, 7)]
    merged, whole = histogram.merge(parts), histogram.encode(latencies)
    assert histogram.count(merged) == 20_000
    for fraction in (0.5, 0.9, 0.99, 0.999):
        assert histogram.percentile(merged, fraction) == histogram.percentile(whole, fraction)


@pytest.mark.parametrize("fraction", [0.5, 0.9, 0.99, 0.999])
def test_percentiles_are_within_a_thousandth_and_half_a_microsecond(fraction: float) -> None:
    latencies = np.random.default_rng(2).lognormal(-6, 1, 10_000)
    exact = float(np.quantile(latencies, fraction, method="inverted_cdf"))
    found = histogram.percentile(histogram.encode(latencies), fraction)
    assert found == pytest.approx(exact, rel=2e-3, abs=1e-6)


@pytest.mark.parametrize(("fraction", "floor"), [(0.9, 64), (0.99, 662), (0.999, 6636)])
def test_a_percentile_needs_its_floor_of_samples(fraction: float, floor: int) -> None:
    below, at = (histogram.encode(np.full(count, 0.001)) for count in (floor - 1, floor))
    assert histogram.percentile(below, fraction) is None
    assert histogram.percentile(at, fraction) == pytest.approx(0.001)


@pytest.mark.parametrize(("fraction", "floor"), [(0.9, 64), (0.99, 662), (0.999, 6636)])
def test_the_floors_are_the_least_that_leave_two_samples_beyond_with_99_percent(fraction: float, floor: int) -> None:
    def at_most_one_beyond(count: int) -> float:
        return float(fraction**count + count * (1 - fraction) * fraction ** (count - 1))

    assert at_most_one_beyond(floor) <= 0.01 < at_most_one_beyond(floor - 1)


def test_no_calls_make_no_histogram() -> None:
    assert histogram.encode(np.empty(0)) == ""
    assert histogram.merge(["", ""]) == ""
    assert histogram.count("") == 0
    assert histogram.percentile("", 0.5) is None


def test_values_out_of_range_count_at_its_ends() -> None:
    encoded = histogram.encode(np.array([0.0, 10_000.0]))
    assert histogram.count(encoded) == 2
    assert histogram.percentile(encoded, 0.5) == pytest.approx(1e-6)


def test_without_the_library_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hdrh.histogram", None)
    with pytest.raises(MissingExtraError, match="hdrhistogram"):
        histogram.encode(np.ones(1))
