"""PredictRequest and PredictResponse read from their bytes. The layout: ``tensorflow_serving/apis/predict.proto``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from serlab.errors import WireError
from serlab.wire.fields import LENGTH, Buffer, read_field, read_string
from serlab.wire.model_spec import EMPTY_SPEC, ModelSpec, read_model_spec
from serlab.wire.other_messages import REQUEST_OTHERS, Schema, check_field
from serlab.wire.tensor_arrays import FillBudget, Rules, build_array
from serlab.wire.tensor_fields import TensorFields

MAX_FILL_BYTES = 64 * 1024 * 1024  # of values a message only implies; above the largest payload of this lab

_KEY, _VALUE = 1 << 3 | LENGTH, 2 << 3 | LENGTH  # of a map entry


@dataclass(frozen=True)
class Response:
    """A PredictResponse: the output tensors by name, and the model that answered."""

    outputs: dict[str, NDArray[Any]]
    model: ModelSpec = field(default_factory=ModelSpec)


@dataclass(frozen=True)
class Request:
    """A PredictRequest: the input tensors by name, the model it asks for, and which outputs it wants (none: all)."""

    inputs: dict[str, NDArray[Any]]
    model: ModelSpec = field(default_factory=ModelSpec)
    output_filter: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Where the two messages differ: field numbers as tags, 0 for a field that the message has not."""

    name: str
    tensors: int
    model: int
    output_filter: int
    others: Schema


REQUEST = Layout("PredictRequest", 2 << 3 | LENGTH, 1 << 3 | LENGTH, 3 << 3 | LENGTH, REQUEST_OTHERS)
RESPONSE = Layout("PredictResponse", 1 << 3 | LENGTH, 2 << 3 | LENGTH, 0, Schema())


@dataclass
class PredictFields:
    """One of the two messages taken apart. ``size`` is the body's, in bytes."""

    model: ModelSpec
    tensors: dict[str, TensorFields]
    output_filter: list[str]
    size: int


def decode_predict(body: Buffer, *, rules: Rules = Rules.CLIENT, max_fill_bytes: int = MAX_FILL_BYTES) -> Response:
    """Read a serialized PredictResponse.

    Float and complex outputs, and every output in ``content`` form, are views of ``body``: no copy is made, the array
    keeps ``body`` alive, and it may lie unaligned (``array.copy()`` gives an aligned, writable one). Integers, bools
    and halves in ``values`` form are decoded into an array of their own. All arrays are read-only, little-endian and
    C-contiguous; strings are object arrays of ``bytes``; bfloat16 is that of ml_dtypes.

    Raises WireError for bytes that are not a PredictResponse, and for a tensor that ``rules`` refuse or that is to
    be filled with more than ``max_fill_bytes`` bytes of repeated values.
    """
    message = split_message(body, RESPONSE)
    return Response(_arrays(message, rules, max_fill_bytes), message.model)


def decode_request(body: Buffer, *, rules: Rules = Rules.SERVER, max_fill_bytes: int = MAX_FILL_BYTES) -> Request:
    """Read a serialized PredictRequest, by default as TensorFlow Serving does; else as ``decode_predict``."""
    message = split_message(body, REQUEST)
    return Request(_arrays(message, rules, max_fill_bytes), message.model, tuple(message.output_filter))


def split_message(body: Buffer, layout: Layout) -> PredictFields:
    """Take a message apart without looking at the numbers in its tensors. Raises WireError where protobuf would."""
    view = memoryview(body)
    if not isinstance(body, bytes):
        body = view = view.cast("B").toreadonly()
    pos, end = 0, len(body)
    model = EMPTY_SPEC
    tensors: dict[str, TensorFields] = {}
    output_filter: list[str] = []
    while pos < end:
        tag, start, pos = read_field(body, pos, end, 0)
        if tag == layout.tensors:
            name, tensor = _read_entry(body, view, start, pos)
            if name in tensors:
                tensors[name].check_runs()  # the last one stands, but the others must be sound
            tensors[name] = tensor
        elif tag == layout.model:
            model = read_model_spec(body, start, pos, model)
        elif tag == layout.output_filter:
            output_filter.append(read_string(body, start, pos))
        else:
            check_field(body, tag, start, pos, layout.others, 0)
    return PredictFields(model, tensors, output_filter, end)


def _read_entry(body: Buffer, view: memoryview, pos: int, end: int) -> tuple[str, TensorFields]:
    """One entry of the map of tensors: its name ("" where none is given) and its tensor.

    A field that is neither is skipped, as other protobufs do; Python's (upb) then sets the whole entry aside.
    """
    name, tensor = "", TensorFields(pos)
    while pos < end:
        tag, start, pos = read_field(body, pos, end, 1)
        if tag == _KEY:
            name = read_string(body, start, pos)
        elif tag == _VALUE:
            tensor.read(body, view, start, pos, 2)
    return name, tensor


def _arrays(message: PredictFields, rules: Rules, max_fill_bytes: int) -> dict[str, NDArray[Any]]:
    budget = FillBudget(max_fill_bytes)
    arrays = {}
    for name, tensor in message.tensors.items():
        try:
            arrays[name] = build_array(tensor, rules, budget)
        except WireError as error:
            error.args = (f"tensor {name!r}: {error}",)
            raise
    return arrays
