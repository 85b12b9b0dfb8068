"""The ledger of a call that is sent while it is encoded."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from serlab.codecs.base import Call, TensorSpec
from serlab.codecs.json_chunked import JsonChunkedCodec
from serlab.measure.endtoend import chunked_call

TENSOR = np.arange(12, dtype=np.float32).reshape(3, 4)
SPEC = {"x": TensorSpec("float32", TENSOR.shape)}
CALL = Call("echo", "serving_default", SPEC, SPEC)


class SlowCodec(JsonChunkedCodec):
    """Takes 20 ms to make each of its pieces."""

    def encode_chunks(self, tensors: Any, call: Call) -> Iterator[bytes]:
        for piece in super().encode_chunks(tensors, call):
            time.sleep(0.02)
            yield piece


class SlowWire:
    """Takes 10 ms to send a piece, and answers with the tensor."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def send_chunks(self, chunks: Iterable[bytes]) -> bytes:
        for piece in chunks:
            time.sleep(0.01)
            self.pieces.append(piece)
        codec = JsonChunkedCodec()
        return codec.write_response(codec.read_request(b"".join(self.pieces), CALL), CALL)


def test_making_pieces_is_encoding_and_the_rest_of_sending_is_the_exchange() -> None:
    wire = SlowWire()
    ledger = chunked_call(wire, SlowCodec(), {"x": TENSOR}, CALL)  # type: ignore[arg-type]
    pieces = len(wire.pieces)
    assert pieces == 2
    assert ledger.encode_s >= pieces * 0.02
    assert ledger.exchange_s >= pieces * 0.01
    assert ledger.encode_s + ledger.exchange_s + ledger.decode_s <= ledger.total_s
    assert ledger.total_s >= pieces * 0.03
