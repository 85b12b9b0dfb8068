"""A JSON value into a tensor as tensorflow_serving/util/json_tensor.cc fills a TensorProto: values and errors alike."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.embedded.rapidjson.reader import JsonObject, Value
from serlab.embedded.rapidjson.writer import value_text
from serlab.embedded.rest.decimal_text import to_float32
from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.embedded.tensors import numpy_dtype, printed_name

Shape = tuple[int, ...]

#: JSON integers that a signature's dtype takes. Types of 8 and 16 bits are checked as 32-bit ones and then wrap.
_INT32 = -(2**31), 2**31 - 1
_INTEGERS = {
    "int32": _INT32, "int16": _INT32, "int8": _INT32, "uint8": _INT32,
    "int64": (-(2**63), 2**63 - 1), "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1),
}  # fmt: skip


def text_of(value: Value) -> str:
    """Return how a message quotes ``value``; bytes that are not UTF-8 survive as surrogates."""
    return value_text(value).decode("utf-8", "surrogateescape")


def is_base64_object(value: Value) -> bool:
    """Whether ``value`` is ``{"b64": "…"}`` and nothing else."""
    if not isinstance(value, JsonObject) or len(value.members) != 1:
        return False
    name, member = value.members[0]
    return name == b"b64" and isinstance(member, bytes)


def dense_shape(value: Value) -> Shape:
    """Return the shape that the first element of each list suggests."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def fill(value: Value, shape: Shape, data_type: int, into: list[Any]) -> int:
    """Append the leaves of ``value`` to ``into`` and return how many there were.

    Raises:
        StatusError: a ragged list, or a leaf that the dtype does not take. The first one in reading order counts.
    """
    take = _leaf_reader(data_type)
    rank = len(shape)
    before = len(into)
    pending: list[Iterator[Value]] = [iter((value,))]
    while pending:
        level = len(pending) - 1
        for item in pending[-1]:
            if isinstance(item, list):
                if level >= rank:
                    raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {rank}")
                if len(item) != shape[level]:
                    raise invalid_argument(
                        f"Encountered list at unexpected size: {len(item)} at level: {level} "
                        f"expected size: {shape[level]}"
                    )
                pending.append(iter(item))
                break
            if level != rank:
                raise invalid_argument(
                    f"JSON Value: {text_of(item)} found at incorrect level: {level + 1} in the JSON DOM. "
                    f"Expected at level: {rank}"
                )
            into.append(take(item))
        else:
            pending.pop()
    return len(into) - before


def to_array(values: list[Any], data_type: int) -> NDArray[Any]:
    """Return the collected leaves as a flat array of the dtype: rounded to float32, wrapped to 8 and 16 bits."""
    name = printed_name(data_type)
    if name == "float":
        return to_float32(np.array(values, np.float64))
    if name in _INTEGERS and _INTEGERS[name] == _INT32:
        return np.array(values, np.int64).astype(numpy_dtype(data_type))
    array = np.empty(len(values), numpy_dtype(data_type))
    if values:
        array[:] = values
    return array


def _leaf_reader(data_type: int) -> Callable[[Value], Any]:
    name = printed_name(data_type)

    def type_error(value: Value) -> StatusError:
        kind = type_name(value)
        return invalid_argument(f"JSON Value: {text_of(value)} Type: {kind} is not of expected type: {name}")

    def floating(value: Value) -> float:
        if type(value) is float:
            return value
        if type(value) is int:
            return float(value)
        raise type_error(value)

    def integer(value: Value) -> int:
        low, high = _INTEGERS[name]
        if type(value) is int and low <= value <= high:
            return value
        raise type_error(value)

    def boolean(value: Value) -> bool:
        if isinstance(value, bool):
            return value
        raise type_error(value)

    def string(value: Value) -> bytes:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, JsonObject):
            raise type_error(value)
        if not is_base64_object(value):
            raise invalid_argument(f"JSON Value: {text_of(value)} not formatted correctly for base64 data")
        decoded = unescape_base64(value.members[0][1])
        if decoded is None:
            raise invalid_argument("Unable to base64 decode")
        return decoded

    def unsupported(value: Value) -> None:
        if isinstance(value, JsonObject):
            raise type_error(value)
        raise StatusError(Code.UNIMPLEMENTED, f"Conversion of JSON Value: {text_of(value)} to type: {name}")

    if name in ("float", "double"):
        return floating
    if name in _INTEGERS:
        return integer
    return {"bool": boolean, "string": string}.get(name, unsupported)


def type_name(value: Value) -> str:
    """Return RapidJSON's name for the type of ``value``; true and false are two."""
    if isinstance(value, bool):
        return str(value)
    if value is None:
        return "Null"
    if isinstance(value, (int, float)):
        return "Number"
    return {bytes: "String", list: "Array", JsonObject: "Object"}[type(value)]


_DATA = re.compile(rb"([A-Za-z0-9+/\s]*)([=.\s]*)")
_SPACE = b" \t\n\v\f\r"


def unescape_base64(text: bytes) -> bytes | None:
    """Return the decoded bytes, or None where absl gives up."""
    match = _DATA.fullmatch(text)
    if match is None:
        return None
    data = match.group(1).translate(None, _SPACE)
    pads = len(match.group(2).translate(None, _SPACE))
    missing = -len(data) % 4
    if missing == 3 or pads not in (0, missing):
        return None
    return binascii.a2b_base64(data + b"=" * missing)
