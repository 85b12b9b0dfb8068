"""Output tensors as JSON, after tensorflow_serving/util/json_tensor.cc: rows on one line, columns a number per line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import orjson
import pybase64
from numpy.typing import NDArray

from serlab.embedded.rapidjson.writer import INDENT, PrettyWriter
from serlab.embedded.rest.decimal_text import decimal_doubles, flushed
from serlab.embedded.rest.document import Format
from serlab.embedded.status import invalid_argument
from serlab.embedded.tensors import HighRankTensor, Tensor, Tensors, data_type_of, printed_name

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
    written = [_output(name, tensor) for name, tensor in outputs.items()]
    return _columns(written) if form == "columnar" else _rows(written, _batch_size(written))


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A numeric array, written a row or the whole at once."""

    name: str
    array: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    def write_row(self, writer: PrettyWriter, row: int) -> None:
        writer.raw(_one_line(self.array[row]))

    def write_all(self, writer: PrettyWriter, level: int) -> None:
        writer.raw(_spread(_number_text(self.array), self.array.ndim, level))


@dataclass(frozen=True, slots=True)
class _Elements:
    """Any other tensor, written element by element with ``put``."""

    name: str
    shape: tuple[int, ...]
    put: Callable[[PrettyWriter, int], None]

    def write_row(self, writer: PrettyWriter, row: int) -> None:
        self._write(writer, 1, row * math.prod(self.shape[1:]))

    def write_all(self, writer: PrettyWriter, level: int) -> None:
        self._write(writer, 0, 0)

    def _write(self, writer: PrettyWriter, depth: int, offset: int) -> int:
        """Write the part below the first ``depth`` dimensions from element ``offset`` on; return the next offset."""
        if depth == len(self.shape):
            self.put(writer, offset)
            return offset + 1
        writer.start_array()
        for _ in range(self.shape[depth]):
            offset = self._write(writer, depth + 1, offset)
        writer.end()
        return offset


_Output: TypeAlias = _Numbers | _Elements


def _output(name: str, tensor: Tensor) -> _Output:
    dtype = printed_name(data_type_of(tensor.dtype))
    flat = tensor.values if isinstance(tensor, HighRankTensor) else tensor.reshape(-1)
    if flat.size and dtype not in _WRITTEN:
        raise invalid_argument(f"Failed to write JSON value for tensor type: {dtype}")
    if dtype == "string":
        put = _put_bytes if name.endswith(_BYTES_SUFFIX) else _put_string
        return _Elements(name, tensor.shape, lambda writer, index: put(writer, flat[index]))
    if isinstance(tensor, HighRankTensor) or not flat.size:
        texts = _number_text(flat)[1:-1].split(b",") if flat.size else []
        return _Elements(name, tensor.shape, lambda writer, index: writer.raw(texts[index]))
    return _Numbers(name, tensor)


def _put_string(writer: PrettyWriter, text: bytes) -> None:
    writer.string(text)


def _put_bytes(writer: PrettyWriter, text: bytes) -> None:
    writer.start_object()
    writer.string(b"b64")
    writer.raw(b'"%b"' % pybase64.b64encode(text))
    writer.end()


def _batch_size(outputs: Iterable[_Output]) -> int:
    rows: int | None = None
    for output in outputs:
        if not output.shape:
            raise invalid_argument(f"Tensor name: {output.name} has no shape information ")
        if rows not in (None, output.shape[0]):
            raise invalid_argument(
                f"Tensor name: {output.name} has inconsistent batch size: {output.shape[0]} expecting: {rows}"
            )
        rows = output.shape[0]
    return rows or 0


def _rows(outputs: list[_Output], rows: int) -> bytes:
    named = len(outputs) > 1
    if not named and isinstance(outputs[0], _Numbers):
        return b'{\n    "predictions": %b\n    ]\n}' % _one_line(outputs[0].array)[:-1]
    writer = PrettyWriter()
    writer.start_object()
    writer.string(b"predictions")
    writer.start_array()
    for row in range(rows):
        if named:
            writer.start_object()
        writer.single_line_arrays = True
        for output in outputs:
            if named:
                writer.string(output.name.encode("utf-8", "surrogateescape"))
            output.write_row(writer, row)
        writer.single_line_arrays = False
        if named:
            writer.end()
    writer.end()
    writer.end()
    return writer.text()


def _columns(outputs: list[_Output]) -> bytes:
    named = len(outputs) > 1
    writer = PrettyWriter()
    writer.start_object()
    writer.string(b"outputs")
    if named:
        writer.start_object()
    for output in outputs:
        if named:
            writer.string(output.name.encode("utf-8", "surrogateescape"))
        output.write_all(writer, 2 if named else 1)
    if named:
        writer.end()
    writer.end()
    return writer.text()


def _one_line(array: NDArray[Any]) -> bytes:
    return _number_text(np.asarray(array)).replace(b",", b", ")


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
