from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from serlab.errors import PayloadError
from serlab.payload import parse_payload
from serlab.records.call import numpy_dtype
from serlab.wire import encode_predict


def header(shape: str, dtype: str = "<f4") -> bytes:
    buffer = io.BytesIO()
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    buffer.write(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode())
    return buffer.getvalue()


def test_a_header_that_claims_more_than_the_file_has_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    path = tmp_path / "huge.npy"
    for shape in ("(1000000000000,)", "(3, 1000000, 1000000)", "(-1, 4)", "(2,)"):
        path.write_bytes(header(shape) + b"1234")
        with pytest.raises(PayloadError, match=r"claims|readable"):
            parse_payload(f"@{path}")


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_what_is_no_regular_file_is_not_opened(name: str) -> None:
    with pytest.raises(PayloadError, match="no regular file"):
        parse_payload(f"@{name}")


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(PayloadError, match="no regular file"):
        parse_payload(f"@{tmp_path}/pipe.npy")


def test_bfloat16_is_read_once_the_spec_says_so(tmp_path: Path) -> None:
    array = np.array([[1.5, -2.0]], numpy_dtype("bfloat16"))
    np.save(tmp_path / "b.npy", array)
    with pytest.raises(PayloadError, match=r"say which dtype.*b\.npy:bfloat16"):
        parse_payload(f"@{tmp_path}/b.npy")
    payload = parse_payload(f"@{tmp_path}/b.npy:bfloat16")
    assert (payload.dtype, payload.array().tobytes()) == ("bfloat16", array.tobytes())


def test_complex_numbers_and_texts_are_payloads(tmp_path: Path) -> None:
    np.save(tmp_path / "c.npy", np.array([[1 + 2j]], np.complex64))
    assert parse_payload(f"@{tmp_path}/c.npy").array().tolist() == [[1 + 2j]]
    np.save(tmp_path / "s.npy", np.array(["a", "ü"]))
    assert parse_payload(f"@{tmp_path}/s.npy").array().tolist() == [b"a", "ü".encode()]


def test_an_npz_holds_named_tensors(tmp_path: Path) -> None:
    ids = np.arange(6).reshape(2, 3)
    np.savez_compressed(tmp_path / "request.npz", ids=ids, rate=np.float32(2.5))
    built = parse_payload(f"@{tmp_path}/request.npz").build()
    assert built["ids"].tolist() == ids.tolist()
    assert built["rate"].shape == ()


def test_an_npz_with_objects_or_without_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "o.npz", a=np.array([{}], dtype=object))
    with pytest.raises(PayloadError, match="never loads"):
        parse_payload(f"@{tmp_path}/o.npz")
    (tmp_path / "x.npz").write_bytes(b"PK no")
    with pytest.raises(PayloadError, match="not a readable"):
        parse_payload(f"@{tmp_path}/x.npz")


@pytest.mark.parametrize(
    ("document", "names", "dtypes"),
    [
        ({"instances": [[1.5, 2], [3, 4]]}, [""], ["float32"]),
        ({"instances": [{"ids": [1, 2], "text": "a"}, {"ids": [3, 4], "text": "b"}]}, ["ids", "text"],
         ["int64", "string"]),
        ({"inputs": {"x": [[1]], "flag": [True]}}, ["x", "flag"], ["int64", "bool"]),
        ({"signature_name": "s", "inputs": [[1.0]]}, [""], ["float32"]),
        ({"instances": [{"b64": "AAEC"}]}, [""], ["string"]),
    ],
)  # fmt: skip
def test_a_recorded_rest_body_is_a_payload(
    tmp_path: Path, document: object, names: list[str], dtypes: list[str]
) -> None:
    (tmp_path / "request.json").write_text(json.dumps(document))
    payload = parse_payload(f"@{tmp_path}/request.json")
    assert [tensor.name for tensor in payload.tensors] == names
    assert [tensor.dtype for tensor in payload.tensors] == dtypes
    assert not payload.says_dtypes


@pytest.mark.parametrize(
    "text",
    ["", "[1]", "{}", '{"instances": 3}', '{"instances": []}', '{"instances": [[1], [1, 2]]}',
     '{"instances": [{"a": 1}, {"b": 2}]}', '{"inputs": {"x": [null]}}', '{"instances": ["a", ["b"]]}', "[" * 100_000],
)  # fmt: skip
def test_json_that_is_no_request_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "request.json").write_text(text)
    with pytest.raises(PayloadError):
        parse_payload(f"@{tmp_path}/request.json")


def test_a_recorded_predict_request_is_a_payload(tmp_path: Path) -> None:
    body = encode_predict("bert", {"ids": np.array([[1, 2]]), "text": np.array([b"x"], object)}, version=3)
    (tmp_path / "request.bin").write_bytes(body)
    built = parse_payload(f"@{tmp_path}/request.bin").build()
    assert built["ids"].tolist() == [[1, 2]]
    assert built["text"].tolist() == [b"x"]
    (tmp_path / "request.bin").write_bytes(body[:-3])
    with pytest.raises(PayloadError, match="no serialized PredictRequest"):
        parse_payload(f"@{tmp_path}/request.bin")


def test_other_files_and_folders_are_strings_of_bytes(tmp_path: Path) -> None:
    for name, content in (("b.jpg", b"\xff\xd8two"), ("a.jpg", b"\xff\xd8one")):
        (tmp_path / name).write_bytes(content)
    folder = parse_payload(f"@{tmp_path}/")
    assert folder.array().tolist() == [b"\xff\xd8one", b"\xff\xd8two"]
    assert folder.raw_bytes == 10
    assert parse_payload(f"image=@{tmp_path}/a.jpg").build()["image"].tolist() == [b"\xff\xd8one"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PayloadError, match="without files"):
        parse_payload(f"@{tmp_path}/")
