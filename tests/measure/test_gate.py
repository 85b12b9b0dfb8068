from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, Tensor, TensorSpec
from serlab.codecs.raw import RawCodec
from serlab.measure import gate
from serlab.measure.calls import Subject
from serlab.payload import DEFAULT_SEED


class LowBitDropper(RawCodec):
    name = "lossy"

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        exact = super().decode(body, call)["y"]
        return {"y": (exact.view(np.uint32) & np.uint32(0xFFFFFFFE)).view(np.float32)}


class Truncator(RawCodec):
    name = "short"

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        return {"y": super().decode(body, call)["y"][:, :-1]}


class Raiser(RawCodec):
    name = "raiser"

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        raise ZeroDivisionError("in someone's codec")


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(codec: RawCodec) -> None:
        monkeypatch.setattr(registry, "get", lambda name: codec)

    return install


def test_an_exact_codec_passes_with_the_sizes_of_its_bodies() -> None:
    found = gate.check(Subject("vector-1k", DEFAULT_SEED), "base64")
    assert found.exactness.exact
    assert found.request_bytes == 1419
    assert set(found.response_bytes) == {"body"}


def test_a_codec_that_drops_the_low_bit_is_caught(lying: Any) -> None:
    lying(LowBitDropper())
    found = gate.check(Subject("vector-1k", DEFAULT_SEED), "lossy").exactness
    assert not found.exact
    assert 0 < found.counts["rounded"] < 256
    assert found.worst_ulp == 1


def test_a_codec_that_loses_elements_fails(lying: Any) -> None:
    lying(Truncator())
    assert "shape" in gate.check(Subject("vector-1k", DEFAULT_SEED), "short").exactness.failure


def test_a_codec_that_raises_anything_fails_in_its_words(lying: Any) -> None:
    lying(Raiser())
    failure = gate.check(Subject("vector-1k", DEFAULT_SEED), "raiser").exactness.failure
    assert failure == "ZeroDivisionError: in someone's codec"


def test_a_payload_that_a_codec_cannot_carry_is_a_failure_not_a_crash() -> None:
    found = gate.check(Subject("2x22:float32:edge", DEFAULT_SEED), "orjson")
    assert "null" in found.exactness.failure
    assert not found.exactness.exact


def test_a_dtype_the_codec_cannot_write_is_a_failure_not_a_crash() -> None:
    found = gate.check(Subject("2x2:bfloat16", DEFAULT_SEED), "orjson")
    assert "bfloat16" in found.exactness.failure


def test_a_round_trip_whose_process_ended_is_a_failure_of_that_case() -> None:
    found = gate.crashed("vector-1k", "orjson", DEFAULT_SEED, "the worker died (signal 11)\n  last words")
    assert found.exactness.failure == "the worker died (signal 11) last words"
    assert found.exactness.counts == {"rejected": 256}
    assert not found.exactness.exact


def test_a_models_own_call_is_checked_both_ways_with_tensors_like_its_own() -> None:
    ids, scores = TensorSpec("int64", (2, 3)), TensorSpec("float32", (2, -1))
    call = Call("m", "s", {"ids": ids, "mask": ids}, {"scores": scores})
    subject = Subject("ids=2x3:int64,mask=2x3:int64", DEFAULT_SEED, call)
    for codec in ("json", "orjson", "wire", "raw"):
        found = gate.check(subject, codec)
        assert found.exactness.exact, codec
        assert found.exactness.elements in (2, 12)


def test_a_recorded_answer_gives_the_size_of_a_response(tmp_path: Path) -> None:
    call = Call("m", "s", {"x": TensorSpec("float32", (1, 2))}, {"y": TensorSpec("int64", (1,))})
    recorded = tmp_path / "answer.bin"
    recorded.write_bytes(b'{"predictions": [7]}')
    found = gate.check(Subject("1x2:float32", DEFAULT_SEED, call, {"json": recorded}), "json")
    assert found.response_bytes == {"body": 20}
    recorded.write_bytes(b'{"error": "no"}')
    assert (
        "says 'no'"
        in gate.check(Subject("1x2:float32", DEFAULT_SEED, call, {"json": recorded}), "json").exactness.failure
    )
