from __future__ import annotations

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, Tensor
from serlab.codecs.raw import RawCodec
from serlab.measure import gate
from serlab.payload import DEFAULT_SEED


class LowBitDropper(RawCodec):
    name = "lossy"

    def decode(self, body: Body, call: Call) -> Tensor:
        exact = super().decode(body, call)
        return (exact.view(np.uint32) & np.uint32(0xFFFFFFFE)).view(np.float32)


class Truncator(RawCodec):
    name = "short"

    def decode(self, body: Body, call: Call) -> Tensor:
        return super().decode(body, call)[:, :-1]


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch):
    def install(codec: RawCodec) -> None:
        monkeypatch.setattr(registry, "get", lambda name: codec)

    return install


def test_an_exact_codec_passes_with_the_sizes_of_its_bodies() -> None:
    found = gate.check("vector-1k", "base64", DEFAULT_SEED)
    assert found.exactness.exact
    assert found.request_bytes == 1419
    assert set(found.response_bytes) == {"body"}


def test_a_codec_that_drops_the_low_bit_is_caught(lying) -> None:
    lying(LowBitDropper())
    found = gate.check("vector-1k", "lossy", DEFAULT_SEED).exactness
    assert not found.exact
    assert 0 < found.counts["rounded"] < 256
    assert found.worst_ulp == 1


def test_a_codec_that_loses_elements_fails(lying) -> None:
    lying(Truncator())
    assert "shape" in gate.check("vector-1k", "short", DEFAULT_SEED).exactness.failure


def test_a_payload_that_a_codec_cannot_carry_is_a_failure_not_a_crash() -> None:
    found = gate.check("2x22:float32:edge", "orjson", DEFAULT_SEED)
    assert "null" in found.exactness.failure
    assert not found.exactness.exact


def test_a_dtype_the_codec_cannot_write_is_a_failure_not_a_crash() -> None:
    found = gate.check("2x2:bfloat16", "orjson", DEFAULT_SEED)
    assert "bfloat16" in found.exactness.failure


def test_a_round_trip_whose_process_ended_is_a_failure_of_that_case() -> None:
    found = gate.crashed("vector-1k", "orjson", DEFAULT_SEED, "the worker died (signal 11)\n  last words")
    assert found.exactness.failure == "the worker died (signal 11) last words"
    assert found.exactness.counts == {"rejected": 256}
    assert not found.exactness.exact
