from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.errors import PayloadError, UnknownNameError
from serlab.payload import CATALOGUE, DISTRIBUTIONS, DTYPES, parse_payload

RAW_BYTES = {
    "vector-1k": 1_024,
    "vector-10k": 10_240,
    "image": 602_112,
    "batch-16": 9_633_792,
    "batch-100": 60_211_200,
    "tokens": 32_768,
    "image-u8": 150_528,
    "half": 301_056,
}


@pytest.mark.parametrize(("name", "size"), RAW_BYTES.items())
def test_the_catalogue_has_the_sizes_it_promises(name: str, size: int) -> None:
    assert parse_payload(name).raw_bytes == size


def test_the_catalogue_is_complete() -> None:
    assert set(CATALOGUE) == set(RAW_BYTES)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_every_dtype_has_every_distribution_and_is_the_same_each_time(dtype: str, distribution: str) -> None:
    payload = parse_payload(f"4x9:{dtype}:{distribution}")
    first, second = payload.build(), payload.build()
    assert first.shape == (4, 9)
    assert first.dtype.name == dtype
    assert first.flags.c_contiguous
    assert first.tobytes() == second.tobytes()


def test_the_seed_and_the_name_decide_the_values() -> None:
    base = parse_payload("2x8:float32").build()
    assert not np.array_equal(base, parse_payload("2x8:float32", seed=1).build())
    assert not np.array_equal(base.ravel(), parse_payload("4x4:float32").build().ravel())


def test_uniform_floats_lie_between_zero_and_one() -> None:
    values = parse_payload("1x10000:float32").build()
    assert values.min() >= 0
    assert values.max() < 1


def test_integers_lie_between_0_and_255_in_any_dtype() -> None:
    values = parse_payload("1x10000:float64:integers").build()
    assert set(np.unique(values)) == set(range(256))


def test_edges_hold_nan_infinities_both_zeros_and_subnormals() -> None:
    values = parse_payload("1x64:float32:edge").build().ravel()
    assert np.isnan(values).any()
    assert {np.inf, -np.inf} <= set(values[np.isinf(values)].tolist())
    assert {False, True} == {bool(bit) for bit in np.signbit(values[values == 0])}
    tiny = np.finfo(np.float32).smallest_normal
    assert ((np.abs(values) < tiny) & (values != 0)).any()
    assert np.finfo(np.float32).max in values


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("imagee", "vector-10k"),
        ("8x128", "SHAPE:DTYPE"),
        ("8x128:float33", "float32"),
        ("8x128:", "SHAPE:DTYPE"),
        ("8x128:float32:bell", "uniform"),
        ("image:normal:7", "NAME:DISTRIBUTION"),
        ("image:bell", "uniform"),
        ("0x3:float32", "at least 1"),
        ("99999x99999x99:float32", "smaller shape"),
        ("@no-such-file.npy", "no such file"),
    ],
)
def test_a_spec_that_cannot_be_meant_says_what_to_write_instead(spec: str, wanted: str) -> None:
    with pytest.raises((PayloadError, UnknownNameError), match=wanted):
        parse_payload(spec)


def test_a_file_is_a_payload(tmp_path: Path) -> None:
    array = np.arange(12, dtype=">f4").reshape(3, 4)
    np.save(tmp_path / "mine.npy", array)
    payload = parse_payload(f"@{tmp_path}/mine.npy")
    assert (payload.shape, payload.dtype) == ((3, 4), "float32")
    assert np.array_equal(payload.build(), array)
    assert payload.build().dtype.isnative


def test_a_file_that_changes_its_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.npy"
    np.save(path, np.zeros((2, 2), np.float32))
    payload = parse_payload(f"@{path}")
    np.save(path, np.zeros((2, 3), np.float32))
    with pytest.raises(PayloadError, match="start a new run"):
        payload.build()


def save_objects(path: Path) -> None:
    np.save(path, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)


def save_strings(path: Path) -> None:
    np.save(path, np.array(["a", "b"]))


def save_scalar(path: Path) -> None:
    np.save(path, np.float32(1))


def save_text(path: Path) -> None:
    path.write_text("1,2,3")


def save_archive(path: Path) -> None:
    with io.BytesIO() as buffer:
        np.savez(buffer, a=np.zeros(3))
        path.write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("save", "wanted"),
    [
        (save_objects, "never loads"),
        (save_strings, "no codec carries"),
        (save_scalar, "batch dimension"),
        (save_text, "not a readable"),
        (save_archive, "one array"),
    ],
)
def test_a_file_that_is_no_tensor_is_refused(tmp_path: Path, save: Any, wanted: str) -> None:
    save(tmp_path / "bad.npy")
    with pytest.raises(PayloadError, match=wanted):
        parse_payload(f"@{tmp_path}/bad.npy")
