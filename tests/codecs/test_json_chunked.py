"""JSON in pieces: the same document as in one go, and never more than two pieces of it at once."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest

from serlab.codecs.base import Call, Tensor, TensorSpec
from serlab.codecs.json_chunked import MAX_PIECE_BYTES, JsonChunkedCodec
from serlab.codecs.orjson_numpy import OrjsonCodec
from serlab.errors import CodecError
from serlab.payload import parse_payload

SPECS = ("vector-1k", "image", "tokens", "image-u8", "half", "5:float32", "5000:float32", "1:float64", "300x7:int16",
         "3x20000:float64:normal", "2x2x70000:float32", "40x2x3x4:bool")  # fmt: skip


def call_for(tensor: Tensor) -> Call:
    spec = {"x": TensorSpec(tensor.dtype.name, tensor.shape)}
    return Call("echo", "serving_default", spec, spec)


@pytest.mark.parametrize("spec", SPECS)
def test_the_pieces_are_the_document_that_orjson_writes_in_one_go(spec: str) -> None:
    tensor = parse_payload(spec).array()
    call = call_for(tensor)
    pieces = list(JsonChunkedCodec().encode_chunks({"x": tensor}, call))
    assert all(pieces)
    assert json.loads(b"".join(pieces)) == json.loads(OrjsonCodec().encode({"x": tensor}, call))
    assert JsonChunkedCodec().encode({"x": tensor}, call) == b"".join(pieces)


def test_a_piece_is_a_row() -> None:
    tensor = parse_payload("20x512:float32").array()
    pieces = list(JsonChunkedCodec().encode_chunks({"x": tensor}, call_for(tensor)))
    assert [piece.count(b"[") for piece in pieces] == [2, *[1] * 19, 0, 0]


def test_a_large_row_is_cut_and_small_rows_go_together() -> None:
    image = parse_payload("image").array()
    largest = max(map(len, JsonChunkedCodec().encode_chunks({"x": image}, call_for(image))))
    assert largest < 4 * MAX_PIECE_BYTES  # a number's text takes under four times its four bytes
    vector = np.zeros(100_000, np.float32)
    assert len(list(JsonChunkedCodec().encode_chunks({"x": vector}, call_for(vector)))) < 500


@pytest.mark.parametrize("spec", ["16x224x224x3:float32", "4000x256:float32"])
def test_the_peak_is_less_than_two_rows_however_many_there_are(spec: str) -> None:
    tensor = parse_payload(spec).array()
    call, codec = call_for(tensor), JsonChunkedCodec()
    codec.drain({"x": tensor[:1]}, call)
    row_text = len(OrjsonCodec().encode({"x": tensor[:1]}, call))
    tracemalloc.start()
    codec.drain({"x": tensor}, call)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Beside the text: orjson's buffer, which doubles as it grows, and the generators themselves.
    assert peak < 2 * row_text + 8 * 1024
    assert peak < tensor.nbytes / 10


def test_a_dtype_without_numbers_in_json_is_refused_before_anything_is_sent() -> None:
    tensor = np.zeros((2, 3), np.complex64)
    with pytest.raises(CodecError, match="complex64"):
        next(JsonChunkedCodec().encode_chunks({"x": tensor}, call_for(tensor)))


def test_a_tensor_without_elements_is_an_empty_list() -> None:
    tensor = np.zeros((0, 3), np.float32)
    assert json.loads(JsonChunkedCodec().encode({"x": tensor}, call_for(tensor)))["instances"] == []
