"""What a serialized PredictRequest or PredictResponse is made of, and why it may be slow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from serlab.errors import WireError
from serlab.wire.dtypes import DATA_TYPES, DataType, data_type_name
from serlab.wire.fields import Buffer
from serlab.wire.model_spec import ModelSpec
from serlab.wire.predict import MAX_FILL_BYTES, REQUEST, RESPONSE, Layout, split_message
from serlab.wire.tensor_arrays import FillBudget, Rules, build_array
from serlab.wire.tensor_fields import TensorFields

if TYPE_CHECKING:
    from serlab.records.run import Form

Message = Literal["PredictRequest", "PredictResponse"]


@dataclass(frozen=True)
class TensorAnatomy:
    """One tensor of a message.

    ``form`` is None where no numbers are carried; ``field`` is what carries them. ``values`` are those in the message,
    ``elements`` those of the shape. ``data_bytes`` are the values' own bytes, without tags and lengths; a packed field
    of varints counts as data. ``notes`` say what makes the tensor slow, ``problem`` why it cannot be read at all.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    form: Form | None
    field: str
    elements: int
    values: int
    data_bytes: int
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def bytes_per_element(self) -> float | None:
        """Data bytes for each element of the shape; None for a tensor without elements."""
        return self.data_bytes / self.elements if self.elements > 0 else None


@dataclass(frozen=True)
class MessageAnatomy:
    """A whole message: its ``size_bytes`` are the tensors' data and, around it, names, shapes, tags and lengths."""

    message: Message
    size_bytes: int
    model: ModelSpec
    output_filter: tuple[str, ...]
    tensors: tuple[TensorAnatomy, ...]

    @property
    def data_bytes(self) -> int:
        """Bytes of all tensors' values."""
        return sum(tensor.data_bytes for tensor in self.tensors)

    @property
    def wrapping_bytes(self) -> int:
        """Bytes that are not values."""
        return self.size_bytes - self.data_bytes


def inspect_message(body: Buffer, message: Message | None = None) -> MessageAnatomy:
    """Take a serialized message apart. Without ``message``, the one of the two that explains more of the bytes.

    Raises WireError for bytes that are neither: no protobuf, or without a model and a tensor.
    """
    found: list[MessageAnatomy] = []
    faults: list[WireError] = []
    for layout, rules in ((REQUEST, Rules.SERVER), (RESPONSE, Rules.CLIENT)):
        if message in (None, layout.name):
            try:
                found.append(_anatomy(body, layout, rules))
            except WireError as error:
                faults.append(error)
    meaningful = [anatomy for anatomy in found if anatomy.tensors or anatomy.model != ModelSpec()]
    if meaningful:
        return max(meaningful, key=_explained)
    what = f"not a {message}" if message else "neither a PredictRequest nor a PredictResponse"
    if found:
        raise WireError(f"{len(body)} bytes that are {what}", expected="a model or a tensor in it")
    raise WireError(f"{len(body)} bytes that are {what}: {faults[0]}")


def _explained(anatomy: MessageAnatomy) -> tuple[int, int]:
    # The two messages number the same fields the other way round, so that each can be read as the other: the model's
    # version is then a dtype, and the tensor an empty version. Data and shapes show which is meant.
    return anatomy.data_bytes, sum(len(tensor.shape) for tensor in anatomy.tensors)


def _anatomy(body: Buffer, layout: Layout, rules: Rules) -> MessageAnatomy:
    fields = split_message(body, layout)
    tensors = tuple(_tensor(name, tensor, rules) for name, tensor in fields.tensors.items())
    kind: Message = "PredictRequest" if layout is REQUEST else "PredictResponse"
    return MessageAnatomy(kind, fields.size, fields.model, tuple(fields.output_filter), tensors)


def _tensor(name: str, fields: TensorFields, rules: Rules) -> TensorAnatomy:
    data_type = DATA_TYPES.get(fields.dtype)
    shape, elements = tuple(fields.shape), math.prod(fields.shape)
    problem, notes = "", []
    try:
        build_array(fields, rules, FillBudget(MAX_FILL_BYTES))
    except WireError as error:
        problem = str(error)
    form: Form | None = None
    field, values, data_bytes = "", 0, 0
    if fields.content:
        form, field, data_bytes = "content", "tensor_content", len(fields.content)
        values = data_bytes // data_type.storage.itemsize if data_type and data_type.storage.kind != "O" else elements
    elif data_type is not None:
        values, data_bytes = _typed(fields, data_type)
        if values:
            form, field = "values", data_type.field.name
            notes = _slow(fields, data_type, data_bytes, values)
    if not problem and values < elements:
        missing = "the last value is repeated" if values else "they are zeros or empty strings"
        notes.append(f"{elements - values:,} elements are not in the message: {missing}")
    dtype = data_type_name(fields.dtype)
    return TensorAnatomy(name, dtype, shape, form, field, elements, values, data_bytes, tuple(notes), problem)


def _typed(fields: TensorFields, data_type: DataType) -> tuple[int, int]:
    """How many values the typed field holds, and in how many bytes."""
    if data_type.field.kind == "bytes":
        return len(fields.strings), sum(map(len, fields.strings))
    _, run = fields.runs.get(data_type.field.number, (0, b""))
    if data_type.field.kind == "fixed":
        return len(run) // data_type.storage.itemsize, len(run)
    return int(np.count_nonzero(np.frombuffer(run, np.uint8) < 128)), len(run)


def _slow(fields: TensorFields, data_type: DataType, data_bytes: int, values: int) -> list[str]:
    field, width = data_type.field, data_type.storage.itemsize
    if field.kind == "bytes":
        return []
    notes = [f"{field.name} is read number by number by tf.make_ndarray: tensor_content would be one copy"]
    if field.kind == "varint":
        notes.append(f"varints: {data_bytes / values:.2f} bytes a number, where tensor_content takes {width}")
    if fields.unpacked:
        notes.append("not packed: numbers that carry a tag each, one byte or two more a number")
    return notes
