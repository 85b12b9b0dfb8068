"""Float32 text: 6 significant digits where they read back, else 9, for every magnitude."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from serlab.embedded.rest.decimal_text import decimal_doubles


def _written(value: np.float32) -> float:
    """What ``%.6g`` or ``%.9g`` says, as TensorFlow Serving decides between them."""
    short = float(f"{float(value):.6g}")
    return short if np.float32(short) == value else float(f"{float(value):.9g}")


def _check(floats: NDArray[np.float32]) -> None:
    wanted = np.array([_written(value) for value in floats.ravel()]).reshape(floats.shape)
    np.testing.assert_array_equal(decimal_doubles(floats), wanted)
    assert np.array_equal(np.signbit(decimal_doubles(floats)), np.signbit(floats))


def test_random_bit_patterns() -> None:
    bits = np.random.default_rng(7).integers(0, 2**32, 100_000, dtype=np.uint64).astype(np.uint32)
    floats = bits.view(np.float32)
    _check(floats[np.isfinite(floats)])


def test_every_power_of_ten_and_its_neighbours() -> None:
    powers = np.array([10.0**exponent for exponent in range(-44, 39)], np.float32)
    with np.errstate(over="ignore"):
        around = np.concatenate([powers, np.nextafter(powers, np.float32(0)), np.nextafter(powers, np.float32(np.inf))])
    _check(np.concatenate([around, -around]))


def test_halves_of_the_ninth_digit_are_rounded_by_exact_arithmetic() -> None:
    # 16777216.5 and the like: exact ties in decimal.
    ties = (np.arange(1, 2000, 2, dtype=np.float64) / 2**12).astype(np.float32)
    _check(np.concatenate([ties, ties * np.float32(2.0**30), ties * np.float32(2.0**-20)]))


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=3), elements=st.floats(width=32, allow_nan=False)))
def test_any_array(floats: NDArray[np.float32]) -> None:
    finite = np.where(np.isfinite(floats), floats, np.float32(0))
    _check(finite)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -0.0])
def test_what_has_no_digits_stays_as_it_is(value: float) -> None:
    result = decimal_doubles(np.array([value], np.float32))
    assert result.tobytes() == np.array([value]).tobytes() or np.isnan(value)
