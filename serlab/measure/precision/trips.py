"""A trip takes a tensor along one leg of a codec and brings back what arrived. The offline ones need no server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from serlab.codecs.base import Call, Codec, Tensor
from serlab.errors import MeasureError
from serlab.records.call import TensorSpec
from serlab.records.precision import Leg, Place
from serlab.records.run import Form, Transport

#: Elements in one body: bounds memory (a float64 takes some 200 bytes as a Python float and as text).
CHUNK = 2**17


class ServerGoneError(MeasureError):
    """The live server does not answer any more: nothing that follows can be measured."""


@dataclass(frozen=True, slots=True)
class Trip:
    """One leg of one codec for one dtype. ``carry`` takes a tensor of shape (1, n) and returns what arrived of it.

    ``carry`` raises whatever the codec, the transport or the server's answer calls for, which is a finding, and
    ``ServerGoneError`` when the trip could not be made, which is none.
    """

    place: Place
    codec: str
    transport: Transport
    dtype: str
    leg: Leg
    form: Form | None
    carry: Callable[[NDArray[Any]], NDArray[Any]]


def offline_trips(codec: Codec, dtype_name: str) -> Iterator[Trip]:
    """The codec against its own server half: each leg alone, in each form the server can answer, and both in a row."""

    def call_for(tensor: Tensor) -> Call:
        return one_tensor_call(codec.signature, dtype_name, tensor.shape, packed=codec.signature == "bytes")

    def request(tensor: Tensor) -> Tensor:
        call = call_for(tensor)
        return codec.read_request(codec.encode({"x": tensor}, call), call)["x"]

    yield Trip("offline", codec.name, codec.transport, dtype_name, "request", None, request)
    for form in codec.forms:

        def response(tensor: Tensor, form: Form | None = form) -> Tensor:
            call = call_for(tensor)
            return codec.decode(codec.write_response({"y": tensor}, call, form), call)["y"]

        def both(tensor: Tensor, form: Form | None = form) -> Tensor:
            call = call_for(tensor)
            received = codec.read_request(codec.encode({"x": tensor}, call), call)["x"]
            return codec.decode(codec.write_response({"y": received}, call, form), call)["y"]

        yield Trip("offline", codec.name, codec.transport, dtype_name, "response", form, response)
        yield Trip("offline", codec.name, codec.transport, dtype_name, "both", form, both)


def one_tensor_call(
    name: str, dtype: str, shape: tuple[int, ...], *, packed: bool, model: str = "echo", output: str = "y"
) -> Call:
    """Return the call of a signature that takes ``x``; ``packed`` means as strings of its rows' bytes."""
    spec = TensorSpec(dtype, shape)
    carried = spec.packed if packed else spec
    return Call(model, name, {"x": carried}, {output: carried})
