"""A tensor of unknown content is split by nature, every element once."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from serlab.measure.precision.float_values import natures


def named(values: np.ndarray) -> dict[str, list[int]]:
    return {name: at.tolist() for name, at in natures(values).items()}


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
def test_floats(dtype: type) -> None:
    tiny = float(ml_dtypes.finfo(dtype).smallest_subnormal)
    values: np.ndarray = np.array([0.0, -0.0, tiny, 1.5, -np.inf, np.nan], dtype)
    assert named(values) == {"zero": [0, 1], "subnormal": [2], "normal": [3], "infinity": [4], "quiet NaN": [5]}


def test_signalling_nans_are_told_from_quiet_ones() -> None:
    values: np.ndarray = np.array([0x7FC00000, 0x7F800001, 0xFFBFFFFF], np.uint32).view(np.float32)
    assert named(values) == {"quiet NaN": [0], "signalling NaN": [1, 2]}


def test_integers_by_the_narrowest_exact_carrier() -> None:
    signed = np.array([0, -(2**24), 2**24 + 1, -(2**53), 2**53 + 1, -(2**63), 2**63 - 1])
    assert named(signed) == {"to 2^24": [0, 1], "beyond 2^24": [2, 3], "beyond 2^53": [4, 5, 6]}
    assert named(np.array([2**63 - 1, 2**63, 2**64 - 1], np.uint64)) == {"beyond 2^53": [0], "beyond 2^63": [1, 2]}
    assert named(np.array([-128, 127], np.int8)) == {"to 2^24": [0, 1]}


def test_a_complex_number_has_its_worse_parts_nature() -> None:
    values: np.ndarray = np.array([1 + 2j, complex(0, 1), complex(np.nan, 0), complex(1, np.inf)], np.complex64)
    assert named(values) == {"normal": [0], "zero": [1], "infinity": [3], "quiet NaN": [2]}


def test_every_pattern_has_exactly_one_nature() -> None:
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    assert np.array_equal(np.sort(np.concatenate(list(natures(every).values()))), np.arange(2**16))


def test_booleans_and_nothing() -> None:
    assert named(np.array([True, False])) == {"all": [0, 1]}
    assert named(np.array([], np.float32)) == {}
