"""A numpy array as a TensorProto: the bytes in front of its numbers, and the numbers themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import CodecError
from serlab.wire.dtypes import DATA_TYPES, DataType, data_type_of
from serlab.wire.fields import LENGTH, length_field, varint
from serlab.wire.model_spec import utf8
from serlab.wire.varints import write_varints

Part = bytes | NDArray[Any]  # an array is written as its bytes, in C order, little-endian

_CONTENT = varint(4 << 3 | LENGTH)
_FOREIGN_KIND = "V"  # numpy's kind of the dtypes that ml_dtypes adds
_NATIVE_LITTLE = np.dtype("<i4").isnative


def checked_array(name: str, value: object) -> NDArray[Any]:
    """``value`` as an array. Raises CodecError for a list or number: its dtype would be a guess."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, np.generic):
        return np.asarray(value)
    raise CodecError(
        f"input {name!r} is a {type(value).__name__}: pass a numpy array, np.asarray(value, dtype=...) makes one"
    )


@lru_cache(maxsize=512)
def content_head(name: str, entry_tag: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Everything of a map entry but the tensor's numbers, for a tensor in ``content`` form.

    The numbers are the entry's last bytes, so every length before them is known from the shape. Raises CodecError for a
    dtype that TensorFlow has no type for.
    """
    data_type = data_type_of(dtype)
    size = math.prod(shape) * data_type.storage.itemsize
    content = _CONTENT + varint(size) if size else b""
    return _entry_head(name, entry_tag, _prefix(data_type, shape) + content, size)


def content_parts(name: str, entry_tag: int, array: NDArray[Any]) -> list[Part]:
    """One map entry in ``content`` form; strings, which have no such form that clients read, as ``string_val``.

    Raises CodecError for a dtype or an element that TensorFlow has no type for.
    """
    dtype = array.dtype
    data_type = data_type_of(dtype)
    if data_type.field.kind == "bytes":
        return _typed_entry(name, entry_tag, data_type, array.shape, [_string_values(name, array)])
    return [content_head(name, entry_tag, dtype, array.shape), array]


def values_parts(name: str, entry_tag: int, array: NDArray[Any]) -> list[Part]:
    """One map entry in ``values`` form: packed typed fields, as a stock TensorFlow Serving answers.

    Raises CodecError for a dtype or an element that TensorFlow has no type for.
    """
    data_type = data_type_of(array.dtype)
    field = data_type.field
    if array.size == 0:
        parts: list[Part] = []
    elif field.kind == "bytes":
        parts = [_string_values(name, array)]
    elif field.kind == "fixed":
        parts = [_run_head(field.number, array.nbytes), array]
    else:
        flat = little_endian(array).reshape(-1)
        parts = [length_field(field.number, write_varints(flat.view(data_type.storage)))]
    return _typed_entry(name, entry_tag, data_type, array.shape, parts)


def lies_as_on_the_wire(dtype: np.dtype[Any]) -> bool:
    """Whether the memory of a C-contiguous array of ``dtype`` can be handed out as the bytes to send.

    Byte order apart, Python's buffer protocol has no letter for the dtypes of ml_dtypes.
    """
    return dtype.kind != _FOREIGN_KIND and (dtype.isnative if _NATIVE_LITTLE else dtype.byteorder in "<|")


def little_endian(array: NDArray[Any]) -> NDArray[Any]:
    """``array`` C-contiguous, little-endian, of a dtype the buffer protocol knows: at most one copy."""
    array = known(array)
    if array.flags.c_contiguous and lies_as_on_the_wire(array.dtype):
        return array
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)


def known(array: NDArray[Any]) -> NDArray[Any]:
    """The array with a bfloat16 dtype taken as the uint16 of the same bits."""
    dtype = array.dtype
    return array.view(np.dtype(np.uint16).newbyteorder(dtype.byteorder)) if dtype.kind == _FOREIGN_KIND else array


def part_size(part: Part) -> int:
    """Bytes a part takes up in the body."""
    return len(part) if isinstance(part, bytes) else part.nbytes


def _prefix(data_type: DataType, shape: Iterable[int]) -> bytes:
    """dtype and tensor_shape; a size of 0 is left out of its Dim, as protobuf leaves out defaults."""
    dims = b"".join(length_field(2, b"\x08" + varint(dim) if dim else b"") for dim in shape)
    return b"\x08" + varint(data_type.number) + length_field(2, dims)


def _entry_head(name: str, entry_tag: int, tensor: bytes, rest: int) -> bytes:
    """The front of a map entry up to ``rest`` bytes before its end, ``tensor`` being the front of its TensorProto."""
    key = length_field(1, utf8(name))
    value = b"\x12" + varint(len(tensor) + rest) + tensor
    return varint(entry_tag) + varint(len(key) + len(value) + rest) + key + value


def _typed_entry(
    name: str, entry_tag: int, data_type: DataType, shape: tuple[int, ...], parts: list[Part]
) -> list[Part]:
    rest = sum(map(part_size, parts))
    return [_typed_head(name, entry_tag, data_type.number, shape, rest), *parts]


@lru_cache(maxsize=512)
def _typed_head(name: str, entry_tag: int, number: int, shape: tuple[int, ...], rest: int) -> bytes:
    # A server answers with the same shapes every time.
    return _entry_head(name, entry_tag, _prefix(DATA_TYPES[number], shape), rest)


@lru_cache(maxsize=512)
def _run_head(number: int, size: int) -> bytes:
    return varint(number << 3 | LENGTH) + varint(size)


def _string_values(name: str, array: NDArray[Any]) -> bytes:
    out = []
    for value in array.reshape(-1).tolist():
        if isinstance(value, str):
            value = utf8(value)
        elif not isinstance(value, bytes):
            kind = type(value).__name__
            raise CodecError(f"input {name!r} holds a {kind} among its objects: a string tensor takes bytes or str")
        out += [b"\x42", varint(len(value)), value]
    return b"".join(out)
