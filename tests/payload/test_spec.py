from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.errors import PayloadError, UnknownNameError
from serlab.payload import CATALOGUE, DISTRIBUTIONS, DTYPES, parse_payload, split_specs
from serlab.records.call import numpy_dtype

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
    if dtype == "string" and distribution != "edge":
        distribution = "17"  # of strings it is a length
    shape = (2, 9, 8, 3) if distribution == "photo" else (4, 9)  # photographs have a height, a width and channels
    payload = parse_payload(f"{'x'.join(map(str, shape))}:{dtype}:{distribution}")
    first, second = payload.array(), payload.array()
    assert first.shape == shape
    assert first.dtype == numpy_dtype(dtype)
    assert first.flags.c_contiguous
    assert first.tolist() == second.tolist() if first.dtype.hasobject else first.tobytes() == second.tobytes()


def test_the_seed_and_the_name_decide_the_values() -> None:
    base = parse_payload("2x8:float32").array()
    assert not np.array_equal(base, parse_payload("2x8:float32", seed=1).array())
    assert not np.array_equal(base.ravel(), parse_payload("4x4:float32").array().ravel())


def test_uniform_floats_lie_between_zero_and_one() -> None:
    values = parse_payload("1x10000:float32").array()
    assert values.min() >= 0
    assert values.max() < 1


def test_integers_lie_between_0_and_255_in_any_dtype() -> None:
    values = parse_payload("1x10000:float64:integers").array()
    assert set(np.unique(values)) == set(range(256))


def test_edges_hold_nan_infinities_both_zeros_and_subnormals() -> None:
    values = parse_payload("1x64:float32:edge").array().ravel()
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
    assert np.array_equal(payload.array(), array)
    assert payload.array().dtype.isnative


def test_a_file_that_changes_its_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.npy"
    np.save(path, np.zeros((2, 2), np.float32))
    payload = parse_payload(f"@{path}")
    np.save(path, np.zeros((2, 3), np.float32))
    with pytest.raises(PayloadError, match="start a new run"):
        payload.array()


def save_objects(path: Path) -> None:
    np.save(path, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)


def save_dates(path: Path) -> None:
    np.save(path, np.array(["2026-11-25"], dtype="datetime64[D]"))


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
        (save_dates, "no codec carries"),
        (save_scalar, "batch dimension"),
        (save_text, "not a readable"),
        (save_archive, "not a readable"),
    ],
)
def test_a_file_that_is_no_tensor_is_refused(tmp_path: Path, save: Any, wanted: str) -> None:
    save(tmp_path / "bad.npy")
    with pytest.raises(PayloadError, match=wanted):
        parse_payload(f"@{tmp_path}/bad.npy")


def test_named_tensors_are_one_payload_and_unnamed_ones_are_several() -> None:
    assert split_specs(["image,ids=1x8:int64,mask=1x8:int64,8x2:float32", "a=1:string"]) == (
        "image", "ids=1x8:int64,mask=1x8:int64", "8x2:float32", "a=1:string",
    )  # fmt: skip
    for text in ("", ",", "image,", " ,image"):
        with pytest.raises(PayloadError, match="empty part"):
            split_specs([text])


def test_a_payload_of_several_tensors_has_each_by_its_name() -> None:
    payload = parse_payload("ids=2x3:int64:integers,mask=2x3:int64,text=2:string:5,rate=scalar:float32")
    built = payload.build(["mask", "ids"])
    assert list(built) == ["mask", "ids", "text", "rate"]
    assert [len(text) for text in built["text"]] == [5, 5]
    assert built["rate"].shape == ()
    assert payload.raw_bytes == 2 * 48 + 10 + 4
    assert payload.info().tensors["ids"].shape == (2, 3)
    assert not np.array_equal(built["ids"], built["mask"])
    with pytest.raises(PayloadError, match="one is needed"):
        payload.array()


def test_one_tensor_fits_any_input_but_not_several() -> None:
    payload = parse_payload("2x3:float32")
    assert list(payload.build(["x"])) == ["x"]
    with pytest.raises(PayloadError, match="the model takes 2"):
        payload.build(["a", "b"])


@pytest.mark.parametrize("spec", ["a=image,a=image", "a=image,b", "a=,b=image", "1:string:x", "1x2:string:uniform"])
def test_names_and_lengths_that_cannot_be_meant_are_refused(spec: str) -> None:
    with pytest.raises((PayloadError, UnknownNameError)):
        parse_payload(spec)


def test_a_payload_with_a_long_spec_has_a_short_label() -> None:
    spec = ",".join(f"column_{number}=1:float32" for number in range(40))
    assert parse_payload(spec).label == "column_0 and 39 more tensors"
