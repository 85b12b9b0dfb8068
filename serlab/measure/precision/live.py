"""Trips through a live server that serves the lab's echo: both legs in a row, and each alone.

The request leg ends at a ``bits_`` signature, which answers the bytes the graph received; the response leg starts at a
``from_bits_`` signature, whose graph makes the tensor from bytes. The bytes travel as strings, which both protocols
carry untouched, so only the leg in question can alter a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, Codec, Tensor
from serlab.errors import CodecError, CodecUnavailableError, SerlabError, TransportError, UnknownNameError
from serlab.measure.precision.trips import ServerGoneError, Trip
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
_STRING = np.dtype(object)


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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in self._transports.values():
            transport.close()

    def offers(self, transport: str) -> bool:
        """Whether the endpoint has an address for the protocol."""
        return bool({"grpc": self.endpoint.grpc, "rest": self.endpoint.rest}.get(transport))

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


def live_trips(server: LiveServer, codec: Codec, dtype_name: str, dtype: np.dtype[Any]) -> Iterator[Trip]:
    """The legs that the server's echo servable can tell apart for this codec and dtype.

    Codecs that speak to a string signature have one trip, there and back: the server never makes numbers of their
    bytes. Strings themselves have one too.
    """
    if not server.offers(codec.transport):
        return
    if codec.signature == "bytes":
        legs = [(SIGNATURES["bytes"], _both_ways)]
    elif dtype_name == "string":
        legs = [(signature("echo", dtype_name), _both_ways)]
    else:
        legs = [
            (signature("bits", dtype_name), _request_leg),
            (signature("from_bits", dtype_name), _response_leg),
            (signature("echo", dtype_name), _both_ways),
        ]
    for entry, leg in legs:
        if entry.name in server.signatures:
            yield leg(server, codec, entry, dtype_name, dtype)


def _both_ways(server: LiveServer, codec: Codec, entry: Signature, dtype_name: str, dtype: np.dtype[Any]) -> Trip:
    def carry(tensor: Tensor) -> Tensor:
        call = _call(server, entry, dtype, tensor)
        return codec.decode(server.send(codec.transport, codec.encode(tensor, call), call), call)

    return Trip("live", codec.name, codec.transport, dtype_name, "both", None, carry)


def _request_leg(server: LiveServer, codec: Codec, entry: Signature, dtype_name: str, dtype: np.dtype[Any]) -> Trip:
    carrier = string_carrier(codec.transport)

    def carry(tensor: Tensor) -> Tensor:
        call = _call(server, entry, dtype, tensor)
        answer = server.send(codec.transport, codec.encode(tensor, call), call)
        return _read_bytes(carrier, answer, call)

    return Trip("live", codec.name, codec.transport, dtype_name, "request", None, carry)


def _response_leg(server: LiveServer, codec: Codec, entry: Signature, dtype_name: str, dtype: np.dtype[Any]) -> Trip:
    carrier = string_carrier(codec.transport)

    def carry(tensor: Tensor) -> Tensor:
        call = _call(server, entry, dtype, tensor)
        return codec.decode(server.send(codec.transport, _write_bytes(carrier, tensor, call), call), call)

    return Trip("live", codec.name, codec.transport, dtype_name, "response", None, carry)


def _call(server: LiveServer, entry: Signature, dtype: np.dtype[Any], tensor: Tensor) -> Call:
    return Call(server.model, entry.name, entry.input, entry.output, dtype, tensor.shape)


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
    strings = np.empty(1, object)
    strings[0] = b"\xff\x00"
    call = Call("", "", "x", "y", _STRING, (1,))
    try:
        there = codec.read_request(codec.encode(strings, call), call)
        back = codec.decode(codec.write_response(strings, call, "values"), call)
    except SerlabError:
        return False
    return bool(there.tolist() == back.tolist() == strings.tolist())


def _write_bytes(carrier: Codec, tensor: Tensor, call: Call) -> Body:
    """A request whose only string is the tensor's bytes."""
    if carrier.transport == "rest":  # base64 of the rows' bytes is what this codec does with any tensor
        return carrier.encode(tensor, call)
    strings = np.empty(1, object)
    strings[0] = _little_endian(tensor).tobytes()
    return carrier.encode(strings, replace(call, dtype=_STRING, shape=(1,)))


def _read_bytes(carrier: Codec, answer: Body, call: Call) -> Tensor:
    if carrier.transport == "rest":
        return carrier.decode(answer, call)
    (data,) = carrier.decode(answer, replace(call, dtype=_STRING, shape=(1,))).reshape(-1)
    if len(data) % call.dtype.itemsize:
        raise CodecError(f"the server answered {len(data)} bytes for elements of {call.dtype.itemsize}")
    return np.frombuffer(data, call.dtype.newbyteorder("<")).reshape(1, -1)


def _little_endian(tensor: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(tensor, tensor.dtype.newbyteorder("<"))
