"""Codecs that lie, and small plans for the precision lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors
from serlab.codecs.raw import RawCodec
from serlab.measure.precision.live import LiveServer
from serlab.measure.precision.trips import ServerGoneError
from serlab.records.call import numpy_dtype, string_array
from serlab.records.run import Endpoint, Form
from serlab.servable.signatures import SIGNATURES

MakeCodec = Callable[[str, Callable[[Tensor], Tensor]], Codec]


def altering_codec(name: str, alter: Callable[[Tensor], Tensor]) -> Codec:
    """A codec that carries tensors exactly but for ``alter``, which its request goes through."""

    class AlteringCodec(RawCodec):
        def encode(self, tensors: Tensors, call: Call) -> Body:
            return super().encode({name: alter(tensor) for name, tensor in tensors.items()}, call)

        def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
            return super().encode(tensors, call)

    AlteringCodec.name = name
    return AlteringCodec()


class FakeRestServer(LiveServer):
    """Answers as the echo servable would over REST, with a parser and a writer that tests can spoil.

    ``calls_to_live`` bodies are answered; then the server is gone.
    """

    def __init__(
        self,
        parse: Callable[[Tensor], Tensor] = lambda t: t,
        write: Callable[[Tensor], Tensor] = lambda t: t,
        calls_to_live: int = 10**9,
    ) -> None:
        super().__init__(Endpoint("remote", "fake 1", "", "127.0.0.1:1"), "echo")
        self._parse, self._write, self._left = parse, write, calls_to_live
        self._numbers, self._bytes = registry.get("json"), registry.get("base64")

    def send(self, transport: str, body: Body, call: Call) -> Body:
        assert transport == "rest"
        if self._left == 0:
            raise ServerGoneError("fake (1) does not answer: connection refused")
        self._left -= 1
        kind = SIGNATURES[call.signature].kind
        read, write = self._numbers.read_request, self._numbers.write_response
        # The bytes travel as strings; what they stand for is known to the two ends.
        dtype = numpy_dtype(SIGNATURES[call.signature].dtype)
        (output,) = call.outputs
        if kind == "bytes":
            return self._bytes.write_response({output: self._bytes.read_request(body, call)["x"]}, call)
        if kind == "from_bits":
            (data,) = self._bytes.read_request(body, strings_in(call))["x"].tolist()
            return write({output: self._write(np.frombuffer(data, dtype).reshape(1, -1))}, call)
        tensor = self._parse(read(body, call)["x"])
        if kind == "bits":
            return self._bytes.write_response({output: string_array([tensor.tobytes()], (1,))}, call)
        return write({output: self._write(tensor)}, call)


def strings_in(call: Call) -> Call:
    return replace(call, inputs={name: replace(spec, packs=None) for name, spec in call.inputs.items()})


@pytest.fixture
def fake_server() -> type[FakeRestServer]:
    return FakeRestServer


@pytest.fixture
def make_codec() -> MakeCodec:
    return altering_codec


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Codec], Codec]:
    """Adds a codec to the registry for the length of a test."""
    names, get = registry.names(), registry.get
    added: dict[str, Codec] = {}

    def register(codec: Codec) -> Codec:
        added[codec.name] = codec
        return codec

    monkeypatch.setattr(registry, "names", lambda: [*names, *added])
    monkeypatch.setattr(registry, "get", lambda name: added[name] if name in added else get(name))
    return register
