"""ULP distances are counted in steps between neighbouring values, exactly."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serlab.analysis.ulp import FORMATS, from_patterns, pattern_distance, patterns

DTYPES = [np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16), np.dtype(np.float32), np.dtype(np.float64)]


def ulp_distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return pattern_distance(patterns(one), patterns(other), FORMATS[one.dtype.name])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_layouts_agree_with_the_dtypes_own_limits(dtype: np.dtype) -> None:
    layout, limits = FORMATS[dtype.name], ml_dtypes.finfo(dtype)
    named = np.array([layout.infinity, layout.smallest_normal, layout.infinity - 1, 1, layout.sign_mask], np.uint64)
    values = from_patterns(named, dtype)
    expected = [np.inf, limits.smallest_normal, limits.max, limits.smallest_subnormal]
    assert values[:4].tolist() == np.array(expected, dtype).tolist()
    assert values[4] == 0
    assert np.signbit(values[4])
    assert layout.bits == dtype.itemsize * 8


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d.kind == "f"], ids=str)
def test_neighbours_are_one_apart_everywhere(dtype: np.dtype) -> None:
    limits = np.finfo(dtype)
    # Across: a power of two, the edge of the subnormals, zero, and the step to infinity.
    values = np.array([1, 2, 0.1, limits.smallest_normal, limits.smallest_subnormal, 0, limits.max, -1], dtype)
    with np.errstate(over="ignore"):
        above = np.nextafter(values, dtype.type(np.inf))
    assert ulp_distance(values, above).tolist() == [1] * values.size
    assert ulp_distance(above, values).tolist() == [1] * values.size


def test_zeros_are_the_same_step_and_distances_cross_zero() -> None:
    tiny = np.float64(5e-324)
    assert ulp_distance(np.array([0.0, tiny]), np.array([-0.0, -tiny])).tolist() == [0, 2]


def test_the_longest_distance_does_not_overflow() -> None:
    longest = ulp_distance(np.array([-np.inf]), np.array([np.inf]))
    assert longest.tolist() == [2 * 0x7FF0000000000000]


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=1e-300, max_value=1e300),
    st.integers(min_value=0, max_value=1000),
)
def test_distance_counts_steps(value: float, steps: int) -> None:
    moved = np.float64(value)
    for _ in range(steps):
        moved = np.nextafter(moved, np.inf)
    assert ulp_distance(np.array([value]), np.array([moved])).tolist() == [steps]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_patterns_and_values_are_inverse(dtype: np.dtype) -> None:
    bits = np.random.default_rng(7).integers(0, 2 ** (8 * dtype.itemsize), 5000, FORMATS[dtype.name].pattern_dtype)
    assert np.array_equal(patterns(from_patterns(bits, dtype)), bits)


def test_byte_order_and_strides_do_not_change_patterns() -> None:
    values = np.array([[1.5, np.nan], [-0.0, 1e-40]], np.float32)
    assert np.array_equal(patterns(values.astype(">f4").T), patterns(values).T)


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(TypeError, match="int32"):
        patterns(np.zeros(1, np.int32))
