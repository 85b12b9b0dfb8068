"""Output tensors as JSON, after tensorflow_serving/util/json_tensor.cc: rows on one line, columns a number per line."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pybase64
from numpy.typing import NDArray

from serlab.serving.embedded.dtypes import data_type_of, printed_name
from serlab.serving.embedded.model import Tensors
from serlab.serving.embedded.rapidjson.writer import INDENT, PrettyWriter
from serlab.serving.embedded.rest.decimal_text import decimal_doubles
from serlab.serving.embedded.rest.document import Format
from serlab.serving.embedded.rest.float_bits import flushed
from serlab.serving.embedded.status import invalid_argument

_BYTES_SUFFIX = "_bytes"
#: uint16, half, bfloat16 and complex have no JSON.
_WRITTEN = frozenset(
    ("float", "double", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "bool", "string")
)


def write_predictions(outputs: Tensors, form: Format) -> bytes:
    """Return the body of a predict response.

    Raises:
        StatusError: outputs that the format cannot hold: no batch dimension, unequal batches, a dtype without JSON.
    """
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    if form == "columnar":
        return _columns(outputs)
    rows = _batch_size(outputs)
    if len(outputs) == 1:
        name, array = next(iter(outputs.items()))
        return _rows(name, array)
    return _named_rows(outputs, rows)


def _batch_size(outputs: Tensors) -> int:
    rows: int | None = None
    for name, array in outputs.items():
        if not array.ndim:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if rows is not None and rows != len(array):
            raise invalid_argument(f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {rows}")
        rows = len(array)
    return rows or 0


def _rows(name: str, array: NDArray[Any]) -> bytes:
    if _is_numeric(array) and array.size:
        text = _number_text(array).replace(b",", b", ")
        return b'{\n    "predictions": %b\n    ]\n}' % text[:-1]
    writer = PrettyWriter()
    writer.start_object()
    writer.string(b"predictions")
    writer.start_array()
    writer.single_line_arrays = True
    for row in array:
        _write(writer, name, np.asarray(row, array.dtype))
    writer.single_line_arrays = False
    writer.end()
    writer.end()
    return writer.text()


def _named_rows(outputs: Tensors, rows: int) -> bytes:
    writer = PrettyWriter()
    writer.start_object()
    writer.string(b"predictions")
    writer.start_array()
    for row in range(rows):
        writer.start_object()
        writer.single_line_arrays = True
        for name, array in outputs.items():
            writer.string(name.encode("utf-8", "surrogateescape"))
            part = np.asarray(array[row], array.dtype)
            if _is_numeric(part) and part.size:
                writer.raw(_number_text(part).replace(b",", b", "))
            else:
                _write(writer, name, part)
        writer.single_line_arrays = False
        writer.end()
    writer.end()
    writer.end()
    return writer.text()


def _columns(outputs: Tensors) -> bytes:
    writer = PrettyWriter()
    writer.start_object()
    writer.string(b"outputs")
    level = 1
    if len(outputs) > 1:
        writer.start_object()
        level = 2
    for name, array in outputs.items():
        if len(outputs) > 1:
            writer.string(name.encode("utf-8", "surrogateescape"))
        if _is_numeric(array) and array.size:
            writer.raw(_spread(_number_text(array), array.ndim, level))
        else:
            _write(writer, name, array)
    if len(outputs) > 1:
        writer.end()
    writer.end()
    return writer.text()


def _spread(text: bytes, rank: int, level: int) -> bytes:
    """Put every number and bracket of a nested array on a line of its own; ``level`` containers are around it."""
    if not rank:
        return text

    def line(depth: int) -> bytes:
        return b"\n" + INDENT * (level + depth)

    inner = text[rank:-rank].replace(b",", b"," + line(rank))
    for closed in range(rank - 1, 0, -1):
        down = b"".join(line(depth) + b"]" for depth in range(rank - 1, rank - 1 - closed, -1))
        up = b"".join(line(depth) + b"[" for depth in range(rank - closed, rank)) + line(rank)
        inner = inner.replace(b"]" * closed + b"," + line(rank) + b"[" * closed, down + b"," + up)
    opening = b"".join(b"[" + line(depth) for depth in range(1, rank + 1))
    closing = b"".join(line(depth) + b"]" for depth in range(rank - 1, -1, -1))
    return opening + inner + closing


def _is_numeric(array: NDArray[Any]) -> bool:
    name = printed_name(data_type_of(array.dtype))
    if array.size and name not in _WRITTEN:
        raise invalid_argument(f"Failed to write JSON value for tensor type: {name}")
    return name != "string"


def _number_text(array: NDArray[Any]) -> bytes:
    """Return the compact JSON of a non-empty numeric array, with NaN and infinities bare."""
    if not array.ndim:
        return _number_text(array.reshape(1))[1:-1]
    array = np.ascontiguousarray(array)
    if array.dtype.kind != "f":
        return _dumped(array)
    array = flushed(array)
    values = decimal_doubles(array) if array.dtype == np.float32 else array
    text = _dumped(values)
    odd = values[~np.isfinite(values)]
    if not odd.size:
        return text
    names = (b"NaN" if x != x else b"Infinity" if x > 0 else b"-Infinity" for x in odd.tolist())
    gaps = text.split(b"null")
    return b"".join(part for pair in zip(gaps, (*names, b""), strict=True) for part in pair)


def _dumped(array: NDArray[Any]) -> bytes:
    return orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY)


def _write(writer: PrettyWriter, name: str, array: NDArray[Any]) -> None:
    """Write strings, and arrays without elements, value by value."""
    if array.ndim:
        writer.start_array()
        for part in array:
            _write(writer, name, np.asarray(part, array.dtype))
        writer.end()
        return
    text: bytes = array.item()
    if name.endswith(_BYTES_SUFFIX):
        writer.start_object()
        writer.string(b"b64")
        writer.raw(b'"%b"' % pybase64.b64encode(text))
        writer.end()
    else:
        writer.string(text)
