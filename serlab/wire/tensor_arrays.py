"""From the fields of a TensorProto to a numpy array: a view of the body wherever the bytes lie there as in memory.

Two programs read tensors, and they disagree about odd ones. ``Rules.CLIENT`` reads an answer as ``tf.make_ndarray``
does, and refuses besides what TensorFlow's ``Tensor::FromProto`` refuses. ``Rules.SERVER`` reads a request as
``Tensor::FromProto`` does (``tensorflow/core/framework/tensor.cc``), which TensorFlow Serving calls:

============================  ==============================  ====================================
a tensor with                 CLIENT                          SERVER
============================  ==============================  ====================================
more values than elements     WireError                       the first ones are taken
a value out of range          WireError                       wraps (300 in an int8 is 44)
no element, but numbers       WireError                       empty; the numbers are not looked at
strings in tensor_content     WireError                       read: the lengths, then the bytes
============================  ==============================  ====================================

CLIENT refuses these although ``tf.make_ndarray`` takes them, for ``Tensor::FromProto`` does not: a negative dimension
or a DT_..._REF type with ``tensor_content``, and a bool there that is neither 0 nor 1. Types of less than 8 bits and
the 8-bit floats are refused by both, and so is a shape to be filled with more than the caller allows.

Both: ``tensor_content`` goes before typed fields; fewer values than elements repeat the last; none at all are zeros;
the odd number at the end of a complex field is dropped.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import WireError
from serlab.wire.dtypes import DATA_TYPES, DataType, data_type_name
from serlab.wire.fields import SHORT_VARINT, read_varint
from serlab.wire.tensor_fields import Run, TensorFields
from serlab.wire.varints import read_varints

MAX_RANK = 64  # numpy's; TensorFlow's is 254
_MAX_NUMPY_BYTES = (1 << 63) - 1
_UINT32 = (1 << 32) - 1
_NO_RUN: Run = (0, memoryview(b""))


class Rules(Enum):
    """Whose reading of odd tensors to follow; the module's docstring has the differences."""

    CLIENT = "tf.make_ndarray"
    SERVER = "Tensor::FromProto"


class FillBudget:
    """How many bytes one message's tensors may take up beyond what the message carries.

    A few bytes can ask for a tensor of any size, filled with one value; this is where that ends.
    """

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit

    def take(self, size: int, offset: int) -> None:
        """Raises WireError when ``size`` more bytes would pass the limit."""
        self._left -= size
        if self._left < 0:
            raise WireError(
                f"a shape to be filled with {size} bytes that are not in the message",
                offset=offset,
                expected=f"at most {self._limit} bytes of filling in a message (max_fill_bytes)",
            )


def build_array(fields: TensorFields, rules: Rules, budget: FillBudget) -> NDArray[Any]:
    """The tensor as a read-only array, little-endian, C-contiguous; strings as an object array of bytes.

    Raises WireError for a type that is not numbers or strings, a shape numpy cannot hold, and bytes or values that do
    not agree with the shape.
    """
    data_type = DATA_TYPES.get(fields.dtype)
    if data_type is None:
        name = data_type_name(fields.dtype)
        raise WireError(f"a tensor of type {name}", offset=fields.offset, expected="a type of numbers or strings")
    count = _count_elements(fields, data_type)
    used = 0
    if count == 0 and (rules is Rules.SERVER or not _has_values(fields, data_type)):
        flat = np.empty(0, data_type.storage)
    elif fields.content:
        flat = _read_content(fields, fields.content, data_type, count, rules)
    elif data_type.field.kind == "bytes":
        flat = _read_strings(fields, count, rules, budget)
    else:
        used = data_type.field.number
        flat = _read_values(fields, data_type, count, rules, budget)
    if len(fields.runs) > (1 if used in fields.runs else 0):
        fields.check_runs(except_for=used)
    if data_type.dtype is not data_type.storage:
        flat = flat.view(data_type.dtype)
    array = flat.reshape(fields.shape)
    if array.flags.writeable:
        array.flags.writeable = False
    return array


def _count_elements(fields: TensorFields, data_type: DataType) -> int:
    shape = fields.shape
    if len(shape) > MAX_RANK:
        raise WireError(f"a shape of {len(shape)} dimensions", offset=fields.offset, expected=f"at most {MAX_RANK}")
    count = math.prod(shape)
    if shape and min(shape) < 0:
        raise WireError(f"negative dimension in shape {shape}", offset=fields.offset, expected="sizes from 0")
    # numpy leaves zeros out of the product: [0, 2^62] is too big for it, though empty.
    if (count or math.prod(size or 1 for size in shape)) * data_type.storage.itemsize > _MAX_NUMPY_BYTES:
        raise WireError(f"shape {shape} overflows", offset=fields.offset, expected="a size below 2^63 bytes")
    return count


def _has_values(fields: TensorFields, data_type: DataType) -> bool:
    if data_type.field.kind == "bytes":
        return bool(fields.strings or fields.content)
    return bool(fields.content or data_type.field.number in fields.runs)


def _read_content(
    fields: TensorFields, content: memoryview, data_type: DataType, count: int, rules: Rules
) -> NDArray[Any]:
    at = fields.content_offset
    if data_type.field.kind == "bytes":
        if rules is Rules.CLIENT:
            raise WireError("strings in tensor_content", offset=at, expected="string_val")
        strings = _split_strings(content, count, at)
        flat = np.empty(count, object)
        flat[:] = strings
        return flat
    if len(content) != count * data_type.storage.itemsize:
        raise WireError(
            f"tensor_content of {len(content)} bytes for {data_type.name} of shape {fields.shape}",
            offset=at,
            expected=f"{count * data_type.storage.itemsize} bytes",
        )
    if data_type.storage.kind == "b" and np.frombuffer(content, np.uint8).max() > 1:
        raise WireError("a bool that is neither 0 nor 1", offset=at, expected="bytes of 0 and 1")
    return np.frombuffer(content, data_type.storage)


def _split_strings(content: memoryview, count: int, offset: int) -> list[bytes]:
    """The strings of a ``tensor_content``: every length as a varint, then all bytes (``port::DecodeStringList``)."""
    if count > len(content):
        raise WireError(f"tensor_content too short for {count} strings", offset=offset, expected="a length each")
    lengths, pos = [], 0
    try:
        for _ in range(count):
            length, pos = read_varint(content, pos, len(content), SHORT_VARINT)
            lengths.append(length & _UINT32)
    except WireError as error:
        raise WireError(f"strings in tensor_content: {error}", offset=offset) from None
    if pos + sum(lengths) != len(content):
        raise WireError("strings in tensor_content", offset=offset, expected="as many bytes as their lengths say")
    strings = []
    for length in lengths:
        strings.append(bytes(content[pos : pos + length]))
        pos += length
    return strings


def _read_strings(fields: TensorFields, count: int, rules: Rules, budget: FillBudget) -> NDArray[Any]:
    found = len(fields.strings)
    if found > count:
        if rules is Rules.CLIENT:
            raise _too_many(fields, "string_val", found, count)
        found = count
    missing = count - found
    if missing:
        budget.take(missing * np.dtype(object).itemsize, fields.offset)
    flat = np.empty(count, object)
    flat[:found] = fields.strings[:found]
    flat[found:] = fields.strings[found - 1] if found else b""
    return flat


def _read_values(
    fields: TensorFields, data_type: DataType, count: int, rules: Rules, budget: FillBudget
) -> NDArray[Any]:
    field = data_type.field
    offset, run = fields.runs.get(field.number, _NO_RUN)
    if field.kind == "fixed":
        # A complex number is two floats: the odd one at the end belongs to none.
        given = np.frombuffer(run, data_type.storage, len(run) // data_type.storage.itemsize)
        if len(given) > count:
            if rules is Rules.CLIENT:
                raise _too_many(fields, field.name, len(given), count)
            given = given[:count]
        if len(given) == count:
            return given
        flat = _reserve(fields, data_type, count, len(given), budget)
        flat[: len(given)] = given
        return _fill(flat, len(given))
    # A number takes at least one byte, so a run of n bytes holds at most n.
    flat = _reserve(fields, data_type, count, len(run), budget)
    found = read_varints(run, flat, field.item, offset=offset, exact=rules is Rules.CLIENT)
    return _fill(flat, found) if found < count else flat


def _reserve(fields: TensorFields, data_type: DataType, count: int, carried: int, budget: FillBudget) -> NDArray[Any]:
    if count > carried:
        budget.take((count - carried) * data_type.storage.itemsize, fields.offset)
    return np.empty(count, data_type.storage)


def _fill(flat: NDArray[Any], found: int) -> NDArray[Any]:
    flat[found:] = flat[found - 1] if found else 0
    return flat


def _too_many(fields: TensorFields, name: str, found: int, count: int) -> WireError:
    return WireError(
        f"{found} values in {name} for a shape of {count} elements", offset=fields.offset, expected=f"{count} values"
    )
