"""The catalogue holds the values that formats are known to hurt, and the same ones every time."""

from __future__ import annotations

import numpy as np
import pytest

from serlab.analysis.ulp import FORMATS, patterns
from serlab.errors import UnknownNameError
from serlab.measure.precision.values import DTYPES, LONG_STRING_BYTES, dtype_of, value_classes

SEED = 11
WIDE = ("float32", "float64")
SIXTEEN = ("float16", "bfloat16")


def every(dtype: str, samples: int = 200) -> np.ndarray:
    return np.concatenate(list(value_classes(dtype, samples=samples, seed=SEED).values()))


@pytest.mark.parametrize("dtype", SIXTEEN)
def test_sixteen_bit_floats_come_with_every_pattern_once(dtype: str) -> None:
    assert np.array_equal(np.sort(patterns(every(dtype))), np.arange(2**16))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
def test_small_integers_come_with_every_value_once(dtype: str) -> None:
    bounds = np.iinfo(dtype)
    assert np.array_equal(every(dtype), np.arange(bounds.min, bounds.max + 1))


@pytest.mark.parametrize("dtype", WIDE)
def test_wide_floats_have_the_named_edges(dtype: str) -> None:
    layout, held = FORMATS[dtype], set(patterns(every(dtype)).tolist())
    named = {
        0,
        1,
        layout.smallest_normal - 1,
        layout.smallest_normal,
        layout.infinity - 1,
        layout.infinity,
        layout.infinity | layout.quiet_bit,
        layout.infinity | layout.quiet_bit | 1,
        layout.infinity | 1,
    }
    assert named | {bits | layout.sign_mask for bits in named} <= held


def test_float64_has_the_numbers_known_to_be_hard() -> None:
    held = set(every("float64")[~np.isnan(every("float64"))].tolist())
    hard = {0.1, 1 / 3, 1e23, 1e-100, 5e-324, 2.2250738585072011e-308, 1 + 2.0**-24, 2.0**24 + 1, 2.0**53, 2.0**53 - 1}
    assert hard - {1 + 2.0**-24} <= held
    assert {np.float64(np.float32(3.4028234663852886e38)), 3.4028235677973366e38} <= held
    # 9007199254740993 has no float64: its neighbour stands for it. As an integer it is itself.
    assert {2**53 + 1, -(2**53) - 1} <= set(every("int64").tolist())


def test_halfway_holds_the_values_around_one_plus_two_to_the_minus_24() -> None:
    middle = 1 + 2.0**-24
    held = set(value_classes("float64", samples=10, seed=SEED)["halfway"].tolist())
    assert {np.nextafter(middle, 0), middle, np.nextafter(middle, 2)} <= held
    assert np.float32(middle) == 1.0 != np.float32(np.nextafter(middle, 2))


def test_narrowing_becomes_infinite_in_a_narrower_float_at_the_midway_value() -> None:
    narrowing = value_classes("float64", samples=10, seed=SEED)["narrowing"]
    with np.errstate(over="ignore"):
        assert np.isfinite(narrowing).all()
        overflowing = narrowing[np.isinf(narrowing.astype(np.float32))]
    assert np.abs(overflowing).min() == 3.4028235677973366e38


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_seed_gives_the_same_values_and_another_seed_others(dtype: str) -> None:
    first, again = (value_classes(dtype, samples=500, seed=SEED) for _ in range(2))
    assert list(first) == list(again)
    assert all(
        a.tobytes() == b.tobytes() for a, b in zip(first.values(), again.values(), strict=True) if a.dtype != object
    )
    if dtype in WIDE:
        other = value_classes(dtype, samples=500, seed=SEED + 1)
        assert first["unit"].tobytes() != other["unit"].tobytes()


@pytest.mark.parametrize("dtype", WIDE)
def test_sweeps_are_as_long_as_asked(dtype: str) -> None:
    classes = value_classes(dtype, samples=3000, seed=SEED)
    assert classes["unit"].size == 3000
    assert classes["unit"].min() >= 0
    assert classes["unit"].max() < 1
    assert 2900 < classes["normal"].size <= 3000


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d not in ("string", "bool")])
def test_every_class_is_a_vector_of_the_dtype(dtype: str) -> None:
    for values in value_classes(dtype, samples=300, seed=SEED).values():
        assert values.dtype == dtype_of(dtype)
        assert values.ndim == 1
        assert values.size > 0


@pytest.mark.parametrize("dtype", WIDE)
def test_classes_hold_what_their_names_say(dtype: str) -> None:
    classes, limits = value_classes(dtype, samples=3000, seed=SEED), np.finfo(dtype)
    size = {name: np.abs(values) for name, values in classes.items()}
    assert (size["zero"] == 0).all()
    assert ((size["subnormal"] > 0) & (size["subnormal"] < limits.smallest_normal)).all()
    assert np.isinf(size["infinity"]).all()
    assert np.isnan(size["quiet NaN"]).all()
    assert np.isnan(size["signalling NaN"]).all()
    quiet = patterns(classes["signalling NaN"]) & np.array(FORMATS[dtype].quiet_bit, FORMATS[dtype].pattern_dtype)
    assert (quiet == 0).all()
    for name in ("limits", "decimal", "whole", "halfway", "narrowing", "normal"):
        assert np.isfinite(size[name]).all()
        assert (size[name] >= limits.smallest_normal).all()
    assert (size["whole"] == np.trunc(size["whole"])).all()


def test_uint64_has_what_int64_cannot_hold() -> None:
    assert {2**63, 2**64 - 1} <= set(every("uint64").tolist())


def test_strings_hold_what_text_cannot() -> None:
    classes = value_classes("string", seed=SEED)
    assert classes["empty"].tolist() == [b""]
    assert any(b"\x00" in value for value in classes["NUL"])
    assert [len(value) for value in classes["1 MiB"]] == [LONG_STRING_BYTES]
    assert any(ord(c) > 0xFFFF for text in classes["astral text"] for c in text)
    for value in classes["invalid UTF-8"]:
        with pytest.raises(UnicodeDecodeError):
            value.decode()
    for text in classes["lone surrogate"]:
        with pytest.raises(UnicodeEncodeError):
            text.encode()


def test_complex_zeros_have_all_four_sign_combinations() -> None:
    zeros = value_classes("complex64", samples=20, seed=SEED)["zero"]
    assert {(np.signbit(z.real).item(), np.signbit(z.imag).item()) for z in zeros} == {
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    }


def test_an_unknown_dtype_lists_what_exists() -> None:
    with pytest.raises(UnknownNameError, match="bfloat16"):
        value_classes("float128", seed=SEED)
