from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, Tensor, Tensors, TensorSpec
from serlab.codecs.raw import RawCodec
from serlab.measure import gate
from serlab.measure.calls import Subject
from serlab.payload import DEFAULT_SEED
from serlab.records.run import Form, Gate


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


Decoded = dict[str, Tensor]


class PrecomputedBody(RawCodec):
    """Makes the body once and hands it out from then on."""

    kept: Body = b""

    def encode(self, tensors: Tensors, call: Call) -> Body:
        self.kept = self.kept or super().encode(tensors, call)
        return self.kept


class KeptByIdentity(RawCodec):
    """Knows a tensor again by its object, whatever is in it by then."""

    def __init__(self) -> None:
        self.kept: dict[int, Body] = {}

    def encode(self, tensors: Tensors, call: Call) -> Body:
        (tensor,) = tensors.values()
        return self.kept.setdefault(id(tensor), super().encode(tensors, call))


class SkippedCopy(RawCodec):
    """Hands out the tensor's own buffer in place of a body."""

    def encode(self, tensors: Tensors, call: Call) -> Any:
        (tensor,) = tensors.values()
        return tensor.data.cast("B")


class Later(np.ndarray):
    """An array that is only read when someone looks."""


class LazyDecode(RawCodec):
    """Returns something that would decode when it is used."""

    def decode(self, body: Body, call: Call) -> Decoded:
        return {name: tensor.view(Later) for name, tensor in super().decode(body, call).items()}


class KeptResult(RawCodec):
    """Decodes the first body and returns that result ever after."""

    result: Decoded | None = None

    def decode(self, body: Body, call: Call) -> Decoded:
        self.result = self.result or super().decode(body, call)
        return self.result


class WrongDtype(RawCodec):
    """Leaves the conversion to the caller."""

    def decode(self, body: Body, call: Call) -> Decoded:
        return {name: tensor.view(np.uint32) for name, tensor in super().decode(body, call).items()}


class SentTensor(RawCodec):
    """Returns the tensor that it was given to encode."""

    last: Tensor | None = None

    def encode(self, tensors: Tensors, call: Call) -> Body:
        (self.last,) = tensors.values()
        return super().encode(tensors, call)

    def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
        return super().encode(tensors, call)

    def decode(self, body: Body, call: Call) -> Decoded:
        assert self.last is not None
        return dict.fromkeys(call.outputs, self.last[...])


class HalfTheTensor(RawCodec):
    """Reads the first half only."""

    def decode(self, body: Body, call: Call) -> Decoded:
        return {name: tensor[:, : tensor.shape[1] // 2] for name, tensor in super().decode(body, call).items()}


class LowerPrecision(RawCodec):
    """Sends half as many bits as it should."""

    def encode(self, tensors: Tensors, call: Call) -> Body:
        return super().encode({name: tensor.astype(np.float16) for name, tensor in tensors.items()}, call)

    def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
        return super().encode(tensors, call)

    def read_request(self, body: Body, call: Call) -> Decoded:
        (name,) = call.inputs
        return {name: np.frombuffer(body, np.float16).astype(np.float32).reshape(call.inputs[name].shape)}


class SpoiledInput(RawCodec):
    """Saves a copy by working in the caller's own array."""

    def encode(self, tensors: Tensors, call: Call) -> Body:
        (tensor,) = tensors.values()
        np.negative(tensor, out=tensor)
        return super().encode(tensors, call)


class FewerOutputs(RawCodec):
    """Leaves an output unread."""

    def decode(self, body: Body, call: Call) -> Decoded:
        return {}


CHEATS: dict[type[RawCodec], str] = {
    PrecomputedBody: "made before",
    KeptByIdentity: "made before",
    SkippedCopy: "no bytes",
    LazyDecode: "no array",
    KeptResult: "keeps the result",
    WrongDtype: "the output is float32",
    SentTensor: "that was sent",
    HalfTheTensor: "shape",
    SpoiledInput: "changes tensor",
    FewerOutputs: "the call names",
}


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[RawCodec]], Gate]:
    def check(kind: type[RawCodec]) -> Gate:
        codec = kind()
        monkeypatch.setattr(registry, "get", lambda name: codec)
        return gate.check(Subject("4x64:float32", 1), "raw")

    return check


@pytest.mark.parametrize("kind", CHEATS)
def test_a_cheat_fails_the_gate_and_is_told_apart(kind: type[RawCodec], checked: Any) -> None:
    found = checked(kind)
    assert CHEATS[kind] in found.exactness.failure


def test_lower_precision_is_no_failure_but_is_told_beside_the_speed(checked: Any) -> None:
    found = checked(LowerPrecision).exactness
    assert not found.exact
    assert found.counts["rounded"] > 200


def test_the_plain_codec_passes(checked: Any) -> None:
    assert checked(RawCodec).exactness.exact


@pytest.mark.parametrize("name", registry.main_codecs())
@pytest.mark.parametrize("spec", ["vector-1k", "3x2:int64:integers", "1x1:float32", "3:string"])
def test_no_codec_of_the_lab_cheats(name: str, spec: str) -> None:
    found = gate.check(Subject(spec, 1), name)
    assert not found.exactness.failure
