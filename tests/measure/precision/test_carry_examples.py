"""A value reads as a number that means it, and as its bits."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from serlab.measure.precision.carry import bits_text, number_text


@pytest.mark.parametrize(
    ("values", "number", "bits"),
    [
        (np.array([0.1]), "0.1", "0x3fb999999999999a"),
        (np.array([0.1], np.float32), "0.1", "0x3dcccccd"),
        (np.array([-0.0], np.float16), "-0.0", "0x8000"),
        (np.array([1.5], ml_dtypes.bfloat16), "1.5", "0x3fc0"),
        (np.array([np.inf], ">f4"), "inf", "0x7f800000"),
        (np.array([-2], np.int16), "-2", "0xfffe"),
        (np.array([2**64 - 1], np.uint64), "18446744073709551615", "0xffffffffffffffff"),
        (np.array([True]), "True", "0x01"),
        (np.array([1.5 - 0j], np.complex64), "(1.5, 0.0j)", "0x3fc00000 0x00000000"),
        (np.array([b"a\x00b"], object), "b'a\\x00b'", "610062"),
        (np.array(["\ud800"], object), "'\\ud800'", "eda080"),
        (np.array([b""], object), "b''", "(empty)"),
        (np.array([None], object), "None", "NoneType"),
    ],
)
def test_number_and_bits(values: np.ndarray, number: str, bits: str) -> None:
    assert (number_text(values, 0), bits_text(values, 0)) == (number, bits)


def test_long_strings_are_cut_and_say_how_long_they_are() -> None:
    values = np.array([b"x" * 1000], object)
    assert number_text(values, 0).endswith("… (1000 long)")
    assert len(number_text(values, 0)) < 80
    assert bits_text(values, 0) == "78" * 20 + "…"


def test_numbers_read_back_as_the_same_value_of_their_dtype() -> None:
    for dtype in (np.float16, ml_dtypes.bfloat16, np.float32, np.float64):
        values = np.array([1 / 3, 1e-3, 12345.678], dtype)
        for i, value in enumerate(values):
            assert np.array(float(number_text(values, i)), dtype) == value
