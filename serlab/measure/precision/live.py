"""Trips through a live server that serves the lab's echo: both legs in a row, and each alone.

The request leg ends at a ``bits_`` signature, which answers the bytes the graph received; the response leg starts at a
``from_bits_`` signature, whose graph makes the tensor from bytes. The bytes travel as strings, which both protocols
carry untouched, so only the leg in question can alter a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, Codec, Tensor, TensorSpec
from serlab.errors import CodecError, CodecUnavailableError, SerlabError, TransportError, UnknownNameError
from serlab.measure.calls import call_of_signature
from serlab.measure.precision.trips import ServerGoneError, Trip
from serlab.records.call import STRING, string_array
from serlab.records.run import Endpoint
from serlab.servable.signatures import SIGNATURES, Signature, signature
from serlab.transports.base import NetworkTransport, TransportOptions
from serlab.transports.registry import open_transport

#: A body of ``trips.CHUNK`` numbers as JSON takes well under a second on an idle machine; a stuck server takes this.
TIMEOUT_S = 60.0
#: Codes that say nothing about the values: no answer came. "" is REST's, the others gRPC's.
_NO_ANSWER = frozenset({"", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"})
#: Codecs that carry strings of bytes unaltered, by transport; the first that is available is used.
_CARRIERS = {"rest": ("base64",), "grpc": ("wire", "tensor-proto")}


class LiveServer:
    """An endpoint with one transport per protocol, opened when first used. Use as a context manager.

    ``signatures`` are the names that ``model`` has there; None stands for all of the lab's echo servable.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        options: TransportOptions | None = None,
        signatures: Iterable[str] | None = None,
    ) -> None:
        self.endpoint, self.model = endpoint, model
        self.signatures = frozenset(SIGNATURES if signatures is None else signatures)
        self._options = options or TransportOptions(timeout_s=TIMEOUT_S)
        self._transports: dict[str, NetworkTransport] = {}

    def __enter__(self) -> LiveServer:
        return self

    def __exit__(self, *error: object) -> None:
        for transport in self._transports.values():
            transport.close()

    def send(self, transport: str, body: Body, call: Call) -> Body:
        """Return the answer to ``body``.

        A call that brought no answer is made once more on a new connection, since a server may close one at will.

        Raises:
            TransportError: the server refused the body.
            ServerGoneError: no answer, twice.
        """
        try:
            return self._transport(transport, call).send(body)
        except TransportError as error:
            if error.code not in _NO_ANSWER:
                raise
        self._transports.pop(transport).close()
        try:
            return self._transport(transport, call).send(body)
        except TransportError as error:
            if error.code not in _NO_ANSWER:
                raise
            raise ServerGoneError(f"{self.endpoint.label} does not answer: {error}") from error

    def _transport(self, name: str, call: Call) -> NetworkTransport:
        if name not in self._transports:
            self._transports[name] = open_transport(name, self.endpoint, call, self._options)
        return self._transports[name]


def live_trips(server: LiveServer, codec: Codec, dtype_name: str) -> Iterator[Trip]:
    """The legs that the server's echo servable can tell apart for this codec and dtype.

    Codecs that speak to a string signature have one trip, there and back: the server never makes numbers of their
    bytes. Strings themselves have one too.
    """
    if codec.transport not in server.endpoint.transports:
        return
    if codec.signature == "bytes":
        legs = [(SIGNATURES["bytes"], _both_ways)]
    elif dtype_name == STRING:
        legs = [(signature("echo", dtype_name), _both_ways)]
    else:
        legs = [
            (signature("bits", dtype_name), _request_leg),
            (signature("from_bits", dtype_name), _response_leg),
            (signature("echo", dtype_name), _both_ways),
        ]
    for entry, leg in legs:
        if entry.name in server.signatures:
            yield leg(server, codec, entry, dtype_name)


def _both_ways(server: LiveServer, codec: Codec, entry: Signature, dtype_name: str) -> Trip:
    def carry(tensor: Tensor) -> Tensor:
        call = call_of_signature(entry.name, TensorSpec(dtype_name, tensor.shape), server.model)
        answer = server.send(codec.transport, codec.encode({entry.input: tensor}, call), call)
        return codec.decode(answer, call)[entry.output]

    return Trip("live", codec.name, codec.transport, dtype_name, "both", None, carry)


def _request_leg(server: LiveServer, codec: Codec, entry: Signature, dtype_name: str) -> Trip:
    carrier = string_carrier(codec.transport)

    def carry(tensor: Tensor) -> Tensor:
        call = call_of_signature(entry.name, TensorSpec(dtype_name, tensor.shape), server.model)
        answer = server.send(codec.transport, codec.encode({entry.input: tensor}, call), call)
        return _from_bytes(carrier.decode(answer, _plain(call))[entry.output], call.outputs[entry.output])

    return Trip("live", codec.name, codec.transport, dtype_name, "request", None, carry)


def _response_leg(server: LiveServer, codec: Codec, entry: Signature, dtype_name: str) -> Trip:
    carrier = string_carrier(codec.transport)

    def carry(tensor: Tensor) -> Tensor:
        call = call_of_signature(entry.name, TensorSpec(dtype_name, tensor.shape), server.model)
        body = carrier.encode({entry.input: string_array([_little_endian(tensor).tobytes()], (1,))}, _plain(call))
        return codec.decode(server.send(codec.transport, body, call), call)[entry.output]

    return Trip("live", codec.name, codec.transport, dtype_name, "response", None, carry)


def _plain(call: Call) -> Call:
    """Return the call with strings as strings: what they hold is this module's to know."""
    inputs, outputs = (
        {name: replace(spec, packs=None) for name, spec in side.items()} for side in (call.inputs, call.outputs)
    )
    return replace(call, inputs=inputs, outputs=outputs)


def string_carrier(transport: str) -> Codec:
    """The codec that takes strings of bytes over ``transport``. Raises ``CodecUnavailableError`` if none can."""
    for name in _CARRIERS.get(transport, ()):
        try:
            carrier = registry.get(name)
            if transport == "rest" or _carries_strings(carrier):
                return carrier
        except (CodecUnavailableError, UnknownNameError):
            continue
    raise CodecUnavailableError(
        f"no codec is available that carries strings over {transport}: legs cannot be told apart"
    )


def _carries_strings(codec: Codec) -> bool:
    """Whether a codec that speaks gRPC brings a string of bytes through its own two halves."""
    strings = string_array([b"\xff\x00"], (1,))
    spec = TensorSpec(STRING, (1,))
    call = Call("", "", {"x": spec}, {"y": spec})
    try:
        there = codec.read_request(codec.encode({"x": strings}, call), call)["x"]
        back = codec.decode(codec.write_response({"y": strings}, call, "values"), call)["y"]
    except SerlabError:
        return False
    return bool(there.tolist() == back.tolist() == strings.tolist())


def _from_bytes(strings: Tensor, spec: TensorSpec) -> Tensor:
    (data,) = strings.reshape(-1)
    dtype = spec.numpy_dtype
    if len(data) % dtype.itemsize:
        raise CodecError(f"the server answered {len(data)} bytes for elements of {dtype.itemsize}")
    return np.frombuffer(data, dtype.newbyteorder("<")).reshape(1, -1)


def _little_endian(tensor: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(tensor, tensor.dtype.newbyteorder("<"))
