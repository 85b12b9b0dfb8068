"""Each verdict means one thing, for every dtype."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from serlab.analysis.exactness import WORDS, Verdict, all_failed, compare, examine
from serlab.analysis.ulp import FORMATS, from_patterns

BF16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype(np.float16), BF16, np.dtype(np.float32), np.dtype(np.float64)]
INTEGERS = [np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)]


def words(sent: np.ndarray, received: np.ndarray) -> list[str]:
    return [Verdict(int(v)).word for v in examine(sent, received)[0].reshape(-1)]


def objects(*items: object) -> np.ndarray:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def test_the_issue_of_each_word() -> None:
    assert WORDS == (
        "exact", "canonical", "sign lost", "rounded", "flushed", "overflowed", "wrapped", "replaced", "changed type",
        "rejected",
    )  # fmt: skip
    assert [Verdict.EXACT.word, Verdict.CHANGED_TYPE.word] == ["exact", "changed type"]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_verdicts_on_floats(dtype: np.dtype) -> None:
    layout = FORMATS[dtype.name]
    one = ((1 << (layout.exponent_bits - 1)) - 1) << layout.fraction_bits
    infinity, sign, normal = layout.infinity, layout.sign_mask, layout.smallest_normal
    cases = [
        (one, one, "exact"),
        (infinity | 1, infinity | 1, "exact"),
        (infinity | 1, infinity | 1 | layout.quiet_bit, "canonical"),
        (infinity | layout.quiet_bit, infinity | layout.quiet_bit | sign, "canonical"),
        (sign, 0, "sign lost"),
        (0, sign, "sign lost"),
        (one, one + 1, "rounded"),
        (one | sign, (one - 1) | sign, "rounded"),
        (normal, normal - 1, "rounded"),
        (2, 1, "rounded"),
        (1, 0, "flushed"),
        ((normal - 1) | sign, 0, "flushed"),
        (infinity - 1, infinity, "overflowed"),
        (one | sign, infinity | sign, "overflowed"),
        (one, infinity | sign, "replaced"),
        (one, 0, "replaced"),
        (normal, 0, "replaced"),
        (0, 1, "replaced"),
        (one, one | sign, "replaced"),
        (1, 1 | sign, "replaced"),
        (infinity, infinity - 1, "replaced"),
        (infinity | 1, 0, "replaced"),
        (one, infinity | 1, "replaced"),
        (infinity, infinity | layout.quiet_bit, "replaced"),
        (one, infinity - 1, "replaced"),
    ]
    sent = from_patterns(np.array([case[0] for case in cases], np.uint64), dtype)
    received = from_patterns(np.array([case[1] for case in cases], np.uint64), dtype)
    assert words(sent, received) == [case[2] for case in cases]


def test_rounded_ends_where_eight_significant_bits_do() -> None:
    sent = np.full(4, 1.0)
    received = np.array([1 + 1 / 128, np.nextafter(1 + 1 / 128, 2), 1 + 2.0**-52, 1 + 2.0**-40])
    assert words(sent, received) == ["rounded", "replaced", "rounded", "rounded"]
    assert compare(sent, received).worst_ulp == 2**45


def test_float64_that_was_kept_as_float32_or_bfloat16_is_rounded() -> None:
    sent = np.random.default_rng(1).random(1000) + 0.5
    for narrow in (np.float32, BF16):
        received = sent.astype(narrow).astype(np.float64)
        assert set(words(sent, received)) <= {"rounded", "exact"}


def test_worst_ulp_is_of_rounded_elements_alone() -> None:
    sent = np.array([1.0, 1.0, 5e-324, 1.0, 1e300])
    received = np.array([1.0 + 2**-52, 1.0 + 3 * 2**-52, 0.0, -7.0, np.inf])
    found = compare(sent, received)
    assert found.worst_ulp == 3
    assert found.counts == {"rounded": 2, "flushed": 1, "overflowed": 1, "replaced": 1}
    assert not found.exact


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_are_exact_at_their_limits_and_rounded_by_units(dtype: np.dtype) -> None:
    bounds = np.iinfo(dtype)
    limits = np.array([bounds.min, bounds.max, 0, 1], dtype)
    assert compare(limits, limits.copy()).exact
    assert compare(np.array([bounds.max], dtype), np.array([bounds.max - 1], dtype)).worst_ulp == 1


def test_integers_that_lost_upper_bits_are_wrapped() -> None:
    sent = np.array([300, 2**40 + 5, -1, 70000, -200, 2**32, 2**53 + 1, 1000, 5, 1])
    received = np.array([44, 5, 255, 4464, 56, 0, 2**53, 1007, 9, 0])
    expected = ["wrapped", "wrapped", "wrapped", "wrapped", "wrapped", "wrapped", "rounded", "rounded", "replaced"]
    assert words(sent, received) == [*expected, "replaced"]


def test_signedness_is_not_mistaken_for_the_same_value() -> None:
    assert words(np.array([2**63, 5], np.uint64), np.array([-(2**63), 5])) == ["wrapped", "changed type"]
    assert words(np.array([-1, 5]), np.array([2**64 - 1, 5], np.uint64)) == ["wrapped", "changed type"]


def test_an_integer_that_went_through_a_float_is_rounded() -> None:
    sent = np.array([2**53 + 1, 2**62 + 2**30 + 1, 2**24 + 1])
    assert words(sent, sent.astype(np.float64)) == ["rounded", "rounded", "changed type"]
    assert words(sent, sent.astype(np.float32).astype(np.int64)) == ["rounded"] * 3


def test_the_same_value_in_another_dtype_changed_type() -> None:
    sent = np.array([1.5, 0.1, -0.0, np.nan, np.inf], np.float32)
    assert set(words(sent, sent.astype(np.float64))) == {"changed type"}
    assert words(np.array([1.0, 0.1]), np.array([1.0, 0.1], np.float32)) == ["changed type", "rounded"]
    assert words(np.array([1, 2]), np.array([1.0, 2.5])) == ["changed type", "replaced"]
    assert words(np.array([1, 2]), np.array([np.inf, np.nan])) == ["replaced", "replaced"]
    assert words(np.array([True, False, True]), np.array([1, 0, 2])) == ["changed type", "changed type", "replaced"]
    assert words(np.array([1.5], BF16), np.array([1.5], np.float32)) == ["changed type"]
    assert words(np.array([1.5]), np.array(["1.5"])) == ["changed type"]
    assert words(np.array([65504, 3e38], np.float32), np.array([65504, np.inf], np.float16)) == [
        "changed type",
        "overflowed",
    ]


def test_byte_order_alone_is_no_other_type() -> None:
    sent = np.array([1.5, np.nan, -0.0, 1e-40], np.float32)
    assert compare(sent, sent.astype(">f4")).exact
    assert compare(np.arange(5), np.arange(5).astype(">i8")).exact


def test_booleans() -> None:
    assert words(np.array([True, False, True]), np.array([True, True, True])) == ["exact", "replaced", "exact"]


def test_a_complex_number_gets_its_worse_parts_verdict() -> None:
    sent = np.array([1 + 2j, 1 + 2j, complex(-0.0, 1), complex(np.nan, 1)], np.complex64)
    received = sent.copy()
    received.imag[1] = np.nextafter(np.float32(2), np.float32(3))
    received.real[2] = 0.0
    received[3] = 7
    assert words(sent, received) == ["exact", "rounded", "sign lost", "replaced"]
    assert compare(sent, received).worst_ulp == 1


def test_strings() -> None:
    sent = objects(b"a\x00", b"a\x00", "é", "\ud800", b"", "x", b"\xff")
    received = objects(b"a\x00", b"a", "é".encode(), b"\xed\xa0\x80", None, "y", "\ufffd")
    expected = ["exact", "replaced", "changed type", "changed type", "replaced", "replaced", "replaced"]
    assert words(sent, received) == expected


def test_numpys_own_strings_compare_with_objects() -> None:
    assert compare(objects(b"ab", b"c"), np.array([b"ab", b"c"])).exact


def test_a_dtype_without_arithmetic_is_compared_by_bits() -> None:
    sent = np.array([1.0, 2.0, 0.5], ml_dtypes.float8_e4m3fn)
    assert compare(sent, sent.copy()).exact
    assert words(sent, np.array([1.0, 4.0, 0.5], ml_dtypes.float8_e4m3fn)) == ["exact", "replaced", "exact"]


def test_another_shape_is_a_failure() -> None:
    found = compare(np.zeros((2, 3)), np.zeros(6))
    assert found.failure == "shape (2, 3) came back as (6,)"
    assert not found.exact
    assert found.counts == {}
    with pytest.raises(ValueError, match="shape"):
        examine(np.zeros((2, 3)), np.zeros(6))


def test_a_tensor_that_never_arrived_is_rejected() -> None:
    found = all_failed({"x": np.zeros((2, 3))}, "400: no")
    assert (found.counts, found.failure, found.exact) == ({"rejected": 6}, "400: no", False)


def test_verdicts_keep_the_shape() -> None:
    sent = np.zeros((2, 3, 4), np.float32)
    found, distance = examine(sent, sent + 1)
    assert found.shape == distance.shape == (2, 3, 4)
    assert found.dtype == np.int8


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_scalars_and_empty_tensors(shape: tuple[int, ...]) -> None:
    assert compare(np.zeros(shape), np.zeros(shape)).exact


def test_strided_and_read_only_tensors() -> None:
    sent = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::3]
    sent.flags.writeable = False
    assert compare(sent, sent.copy()).exact


@given(
    npst.arrays(np.uint64, 40, elements=st.integers(0, 2**64 - 1)),
    npst.arrays(np.uint64, 40, elements=st.integers(0, 2**64 - 1)),
)
def test_any_two_float64_get_a_verdict_that_fits_their_values(one: np.ndarray, other: np.ndarray) -> None:
    sent, received = one.view(np.float64), other.view(np.float64)
    for a, b, word in zip(sent, received, words(sent, received), strict=True):
        assert (word == "exact") == (a.tobytes() == b.tobytes())
        assert (word == "canonical") <= (np.isnan(a) and np.isnan(b))
        if word == "rounded":
            assert abs(float(b) / 2 - float(a) / 2) <= max(abs(float(a)) / 128, 4 * 5e-324)
        assert (word == "overflowed") <= (np.isfinite(a) and np.isinf(b))
        assert (word == "flushed") <= (b == 0 and 0 < abs(a) < np.finfo(float).smallest_normal)


@given(npst.arrays(st.sampled_from(FLOATS[:1] + FLOATS[2:] + INTEGERS), npst.array_shapes(max_dims=3)))
def test_every_tensor_is_exactly_itself(tensor: np.ndarray) -> None:
    assert compare(tensor, tensor.copy()).exact


def test_a_codec_that_drops_the_low_bit_is_caught_at_every_odd_pattern() -> None:
    bits = np.arange(2**16, dtype=np.uint16)
    for dtype in (np.dtype(np.float16), BF16):
        sent, received = from_patterns(bits, dtype), from_patterns(bits & 0xFFFE, dtype)
        found = examine(sent, received)[0]
        assert (found[::2] == Verdict.EXACT).all()
        assert (found[1::2] != Verdict.EXACT).all()
        assert compare(sent, received).worst_ulp == 1
