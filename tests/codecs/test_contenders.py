"""msgspec and ujson: what they share with the other JSON codecs, and how each treats what JSON does not have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry

CONTENDERS = ("json-msgspec", "json-ujson")


@pytest.fixture(params=CONTENDERS)
def codec(request: pytest.FixtureRequest) -> Any:
    if request.param not in registry.available():
        pytest.skip(f"{request.param} is not installed")
    return registry.get(request.param)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool"])
def test_tensors_come_back_bit_for_bit(codec: Any, make_call: Any, dtype: str) -> None:
    rng = np.random.default_rng(3)
    tensor = rng.integers(0, 2, (3, 40)).astype(dtype) if dtype == "bool" else (rng.random((3, 40)) * 200).astype(dtype)
    call = make_call(codec, tensor)
    sent = codec.read_request(codec.encode({"x": tensor}, call), call)["x"]
    back = codec.decode(codec.write_response({"y": tensor}, call), call)["y"]
    assert sent.tobytes() == back.tobytes() == tensor.tobytes()


def test_they_are_measured_only_when_asked_or_by_the_full_profile() -> None:
    assert set(CONTENDERS).isdisjoint(registry.main_codecs())
    assert set(CONTENDERS) <= set(registry.names())


def test_ujson_writes_and_reads_nan_bare_and_msgspec_does_neither(make_call: Any) -> None:
    tensor = np.array([[np.nan, np.inf]], np.float32)
    for name, text in (("json-ujson", b"[NaN,Infinity]"), ("json-msgspec", b"[null,null]")):
        if name in registry.available():
            codec = registry.get(name)
            call = make_call(codec, tensor)
            assert text in codec.encode({"x": tensor}, call)
