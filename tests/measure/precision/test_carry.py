"""What became of each value is found out also when bodies are rejected as a whole."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest

from serlab.codecs.base import Tensor
from serlab.measure.precision.carry import EXAMPLES, MAX_TRIPS, bits_text, examine_class, number_text
from serlab.measure.precision.trips import CHUNK, ServerGoneError, Trip


def trip(carry: Callable[[Tensor], Tensor]) -> Trip:
    return Trip("offline", "fake", "none", "float64", "both", None, carry)


def rejecting(bad: Callable[[Tensor], np.ndarray]) -> Callable[[Tensor], Tensor]:
    def carry(tensor: Tensor) -> Tensor:
        if bad(tensor).any():
            raise ValueError("not with me")
        return tensor

    return carry


def test_an_exact_trip_is_one_trip() -> None:
    cell = examine_class(trip(lambda t: t.copy()), "unit", np.arange(1000.0))
    assert (cell.exactness.exact, cell.trips, cell.alterations) == (True, 1, ())
    assert (cell.value_class, cell.codec, cell.dtype, cell.leg) == ("unit", "fake", "float64", "both")


def test_one_rejected_value_does_not_condemn_the_others() -> None:
    values = np.arange(1000.0)
    values[[137, 640]] = np.nan
    cell = examine_class(trip(rejecting(np.isnan)), "mixed", values)
    assert cell.exactness.counts == {"exact": 998, "rejected": 2}
    (rejected,) = cell.alterations
    assert [example.where for example in rejected.examples] == [(137,), (640,)]
    assert rejected.said == "ValueError: not with me"
    assert not rejected.silent
    assert cell.exactness.failure == ""
    assert cell.unlocated == 0
    assert cell.trips < 60


def test_neighbours_of_rejected_values_get_their_own_verdict() -> None:
    def carry(tensor: Tensor) -> Tensor:
        if np.isinf(tensor).any():
            raise ValueError("no infinity")
        return np.nextafter(tensor, np.inf)

    values = np.array([1.0, np.inf, 2.0])
    assert examine_class(trip(carry), "mixed", values).exactness.counts == {"rounded": 2, "rejected": 1}


def test_a_class_that_is_rejected_as_a_whole_takes_few_trips() -> None:
    cell = examine_class(trip(rejecting(np.isnan)), "quiet NaN", np.full(100_000, np.nan))
    assert cell.exactness.counts == {"rejected": 100_000}
    assert cell.exactness.failure == "ValueError: not with me"
    assert cell.trips <= 5
    assert cell.alterations[0].elements == 100_000


def test_what_cannot_be_located_within_the_trips_allowed_is_rejected_and_said_so() -> None:
    values = np.zeros(20_000)
    values[7::50] = np.nan
    cell = examine_class(trip(rejecting(np.isnan)), "mixed", values)
    assert cell.trips == MAX_TRIPS
    assert 0 < cell.unlocated < 20_000
    assert cell.exactness.counts["rejected"] >= cell.unlocated
    assert sum(cell.exactness.counts.values()) == 20_000


def test_a_codec_that_crashes_is_a_verdict_with_its_words() -> None:
    def carry(tensor: Tensor) -> Tensor:
        raise RuntimeError("internal error 17")

    cell = examine_class(trip(carry), "unit", np.ones(3))
    assert cell.exactness.counts == {"rejected": 3}
    assert cell.exactness.failure == "RuntimeError: internal error 17"


def test_another_shape_is_no_arrival() -> None:
    cell = examine_class(trip(lambda t: t[:, :-1]), "unit", np.ones(3))
    assert cell.exactness.counts == {"rejected": 3}
    assert "came back as" in cell.exactness.failure


def test_alterations_are_silent_unless_warned_of() -> None:
    def warning(tensor: Tensor) -> Tensor:
        warnings.warn("overflow encountered in cast", RuntimeWarning, stacklevel=1)
        return tensor * np.inf

    def housekeeping(tensor: Tensor) -> Tensor:
        warnings.warn("old name", DeprecationWarning, stacklevel=1)
        return tensor * np.inf

    (warned,) = examine_class(trip(warning), "unit", np.ones(3)).alterations
    assert (warned.verdict, warned.silent, warned.said) == ("overflowed", False, "overflow encountered in cast")
    (silent,) = examine_class(trip(housekeeping), "unit", np.ones(3)).alterations
    assert (silent.verdict, silent.silent, silent.said) == ("overflowed", True, "")


def test_examples_show_bits_and_numbers_and_include_the_furthest() -> None:
    def carry(tensor: Tensor) -> Tensor:
        moved = np.nextafter(tensor, np.inf)
        moved[0, 77] = np.nextafter(moved[0, 77], np.inf)
        return moved

    cell = examine_class(trip(carry), "unit", np.full(100, 0.1))
    (rounded,) = cell.alterations
    assert len(rounded.examples) == EXAMPLES
    first, furthest = rounded.examples[0], rounded.examples[-1]
    assert (first.sent, first.sent_bits) == ("0.1", "0x3fb999999999999a")
    assert (first.received, first.received_bits, first.ulp) == ("0.10000000000000002", "0x3fb999999999999b", 1)
    assert (furthest.where, furthest.ulp) == ((77,), 2)
    assert cell.ulps == ((1, 99), (2, 1))
    assert cell.exactness.worst_ulp == 2


def test_large_classes_travel_in_chunks() -> None:
    sizes = []

    def carry(tensor: Tensor) -> Tensor:
        sizes.append(tensor.shape)
        return tensor

    cell = examine_class(trip(carry), "unit", np.zeros(2 * CHUNK + 5))
    assert sizes == [(1, CHUNK), (1, CHUNK), (1, 5)]
    assert cell.exactness.exact
    assert cell.exactness.elements == 2 * CHUNK + 5


def test_a_server_that_is_gone_is_no_verdict() -> None:
    def carry(tensor: Tensor) -> Tensor:
        raise ServerGoneError("gone")

    with pytest.raises(ServerGoneError):
        examine_class(trip(carry), "unit", np.ones(3))


def test_ctrl_c_is_no_verdict() -> None:
    def carry(tensor: Tensor) -> Tensor:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine_class(trip(carry), "unit", np.ones(3))


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
