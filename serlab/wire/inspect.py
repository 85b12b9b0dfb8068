"""What a serialized message is made of, tensor by tensor, and why it may be slow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import WireError
from serlab.wire.dtypes import DATA_TYPES, FIELDS, DataType, data_type_name
from serlab.wire.fields import Buffer
from serlab.wire.model_spec import ModelSpec
from serlab.wire.predict import MAX_FILL_BYTES, REQUEST, Layout, split_message
from serlab.wire.tensor_arrays import FillBudget, Rules, build_array
from serlab.wire.tensor_fields import TensorFields

if TYPE_CHECKING:
    from serlab.records.run import Form


@dataclass(frozen=True)
class TensorAnatomy:
    """One tensor of a message.

    ``form`` is None where no numbers are carried; ``field`` is what carries them. ``values`` are those in the message,
    ``elements`` those of the shape. ``data_bytes`` are the values' own bytes, without tags and lengths; a packed field
    of varints counts as data. ``notes`` say what is odd about the tensor or makes it slow, ``problem`` why it cannot be
    read at all; else ``array`` is what a reader gets.
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
    array: NDArray[Any] | None = dataclass_field(default=None, compare=False, repr=False)

    @property
    def bytes_per_element(self) -> float | None:
        """Data bytes for each element of the shape; None for a tensor without elements."""
        return self.data_bytes / self.elements if self.elements > 0 else None


@dataclass(frozen=True)
class MessageAnatomy:
    """A whole message: its ``size_bytes`` are the tensors' data and, around it, names, shapes, tags and lengths.

    ``wrapped`` names what the message was taken out of: a gRPC frame, gzip; "" for none.
    """

    message: str
    size_bytes: int
    model: ModelSpec
    output_filter: tuple[str, ...]
    tensors: tuple[TensorAnatomy, ...]
    wrapped: str = ""

    @property
    def data_bytes(self) -> int:
        """Bytes of all tensors' values."""
        return sum(tensor.data_bytes for tensor in self.tensors)

    @property
    def wrapping_bytes(self) -> int:
        """Bytes that are not values."""
        return self.size_bytes - self.data_bytes


def predict_anatomy(body: Buffer, layout: Layout) -> MessageAnatomy:
    """Take one of the two Predict messages apart. Raises WireError where protobuf would refuse it."""
    found = split_message(body, layout)
    rules = Rules.SERVER if layout is REQUEST else Rules.CLIENT
    tensors = tuple(tensor_anatomy(name, tensor, rules) for name, tensor in found.tensors.items())
    return MessageAnatomy(layout.name, found.size, found.model, tuple(found.output_filter), tensors)


def tensor_anatomy(name: str, fields: TensorFields, rules: Rules) -> TensorAnatomy:
    """Take a TensorProto apart; what ``rules`` refuse in it is its ``problem``."""
    data_type = DATA_TYPES.get(fields.dtype)
    shape, elements = tuple(fields.shape), math.prod(fields.shape)
    problem, array = "", None
    try:
        array = build_array(fields, rules, FillBudget(MAX_FILL_BYTES))
    except WireError as error:
        problem = str(error)
    form: Form | None = None
    carrier, values, data_bytes, notes = "", 0, 0, []
    if fields.content:
        form, carrier, data_bytes = "content", "tensor_content", len(fields.content)
        values = data_bytes // data_type.storage.itemsize if data_type and data_type.storage.kind != "O" else elements
    elif data_type is not None:
        values, data_bytes = _typed(fields, data_type)
        if values:
            form, carrier = "values", data_type.field.name
            notes = _slow(fields, data_type, data_bytes, values)
    dtype = data_type_name(fields.dtype)
    notes += _unused(fields, dtype, carrier)
    if values > elements >= 0:
        notes.append(f"{values - elements:,} values more than the shape's {elements:,} elements")
    if not problem and values < elements:
        missing = "the last value is repeated" if values else "they are zeros or empty strings"
        notes.append(f"{elements - values:,} elements are not in the message: {missing}")
    return TensorAnatomy(name, dtype, shape, form, carrier, elements, values, data_bytes, tuple(notes), problem, array)


def _unused(fields: TensorFields, dtype: str, carrier: str) -> Sequence[str]:
    """Say which fields hold values that a reader of this dtype does not look at."""
    counts = {FIELDS[number].name: _count(number, run) for number, (_, run) in fields.runs.items()}
    if fields.strings:
        counts["string_val"] = len(fields.strings)
    why = "tensor_content goes before it" if carrier == "tensor_content" else f"{dtype} does not use it"
    return [
        f"{count:,} {'value' if count == 1 else 'values'} in {name} are not read: {why}"
        for name, count in counts.items()
        if name != carrier and count
    ]


def _count(number: int, run: memoryview | bytearray) -> int:
    typed = FIELDS[number]
    if typed.kind == "fixed":
        return len(run) // typed.item.itemsize
    return int(np.count_nonzero(np.frombuffer(run, np.uint8) < 128))


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
