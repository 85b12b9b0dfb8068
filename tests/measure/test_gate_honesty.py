"""Ten ways for a codec to look faster than its work is; the gate catches each before anything is timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, Tensor, Tensors
from serlab.codecs.raw import RawCodec
from serlab.measure import gate
from serlab.measure.calls import Subject
from serlab.records.run import Form, Gate

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
