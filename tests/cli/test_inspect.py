from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from serlab.__main__ import build_app
from serlab.wire import encode_predict, encode_response
from tests.command_line import serlab


@pytest.fixture
def request_file(tmp_path: Path) -> Any:
    path = tmp_path / "request.bin"
    path.write_bytes(encode_predict("resnet", {"images": np.zeros((1, 8, 8, 3), np.float32)}, signature="s", version=7))
    return path


def run(*arguments: Any, stdin: Any = None) -> Any:
    return CliRunner().invoke(build_app(), ["inspect", *map(str, arguments)], input=stdin)


def test_shows_the_tensors_and_how_many_bytes_are_wrapping(request_file: Any) -> None:
    result = run(request_file)
    assert result.exit_code == 0
    size = request_file.stat().st_size
    assert f"PredictRequest, {size} bytes: 768 of data, {size - 768} of wrapping" in result.output
    assert "model 'resnet', signature 's', version 7" in result.output
    for shown in ("images", "DT_FLOAT", "1x8x8x3", "content", "tensor_content", "192", "4.00"):
        assert shown in result.output


def test_prints_json_for_machines(request_file: Any) -> None:
    result = run(request_file, "--json")
    shown = json.loads(result.output)
    assert shown["message"] == "PredictRequest"
    assert shown["data_bytes"] + shown["wrapping_bytes"] == shown["size_bytes"] == request_file.stat().st_size
    assert shown["model"] == {"name": "resnet", "signature": "s", "version": 7, "label": None}
    (tensor,) = shown["tensors"]
    assert tensor == {
        "name": "images", "dtype": "DT_FLOAT", "shape": [1, 8, 8, 3], "form": "content", "field": "tensor_content",
        "elements": 192, "values": 192, "data_bytes": 768, "notes": [], "problem": "", "bytes_per_element": 4.0,
    }  # fmt: skip


def test_reads_standard_input_and_says_why_an_answer_is_slow() -> None:
    result = run("-", stdin=encode_response({"y": np.arange(300)}, model="m"))
    assert result.exit_code == 0
    assert "y: int64_val is read number by number" in result.output
    assert "y: varints: 1.57 bytes a number" in result.output


def test_takes_the_message_by_name(request_file: Any) -> None:
    assert "PredictResponse" in run(request_file, "--as", "response").output


def test_a_tensor_that_cannot_be_read_ends_with_1(tmp_path: Path, request_file: Any) -> None:
    broken = request_file.read_bytes().replace(b"\x12\x02\x08\x03", b"\x12\x02\x08\x04")
    path = tmp_path / "broken.bin"
    path.write_bytes(broken)
    result = run(path)
    assert result.exit_code == 1
    assert "images: cannot be read: tensor_content of 768 bytes" in result.output


@pytest.mark.parametrize(("content", "word"), [(b"GIF89a", "it seems to be a GIF image"), (None, "cannot read")])
def test_anything_else_ends_with_2_and_a_message(tmp_path: Path, content: bytes | None, word: str) -> None:
    path = tmp_path / "body.bin"
    if content is not None:
        path.write_bytes(content)
    done = serlab("inspect", str(path))
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_a_serialized_tensor_is_one_and_its_tensors_are_written(tmp_path: Path) -> None:
    """What tf.io.serialize_tensor writes is a TensorProto."""
    (tmp_path / "tensor.bin").write_bytes(
        b"\x08\x01\x12\x04\x12\x02\x08\x02" + b"\x22\x08" + bytes(4) + b"\0\0\x80\x3f"
    )
    result = run(tmp_path / "tensor.bin", "--to-npz", tmp_path / "out.npz")
    assert result.exit_code == 0
    assert result.output.startswith("TensorProto, 18 bytes: 8 of data")
    assert "model" not in result.output
    with np.load(tmp_path / "out.npz", allow_pickle=False) as file:
        assert file["tensor"].tolist() == [0.0, 1.0]
