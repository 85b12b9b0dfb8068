"""The table of TensorFlow's DataType numbers: numpy dtype, and the TensorProto field that carries the values.

Sources, all in ``tensorflow/core/framework``: ``types.proto`` for the numbers; for the fields, the comments of
``tensor.proto`` and the PROTO_TRAITS of ``tensor.cc``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np

from serlab.errors import CodecError, WireError

# float32, float64 and complex lie on the wire as in memory (little-endian); the others are varints or byte strings.
Kind = Literal["fixed", "varint", "bytes"]


@dataclass(frozen=True)
class TypedField:
    """A repeated field of TensorProto that holds numbers or strings, one after the other.

    ``item`` is the protobuf scalar: what a varint is cut to, or the fixed-width number that lies there.
    """

    number: int
    name: str
    kind: Kind
    item: np.dtype[Any]


_FIELDS = (
    TypedField(5, "float_val", "fixed", np.dtype("<f4")),
    TypedField(6, "double_val", "fixed", np.dtype("<f8")),
    TypedField(7, "int_val", "varint", np.dtype("<i4")),
    TypedField(8, "string_val", "bytes", np.dtype(object)),
    TypedField(9, "scomplex_val", "fixed", np.dtype("<f4")),
    TypedField(10, "int64_val", "varint", np.dtype("<i8")),
    TypedField(11, "bool_val", "varint", np.dtype(bool)),
    TypedField(12, "dcomplex_val", "fixed", np.dtype("<f8")),
    TypedField(13, "half_val", "varint", np.dtype("<i4")),
    TypedField(16, "uint32_val", "varint", np.dtype("<u4")),
    TypedField(17, "uint64_val", "varint", np.dtype("<u8")),
)
FIELDS = {field.number: field for field in _FIELDS}
_BY_NAME = {field.name: field for field in _FIELDS}


@dataclass(frozen=True)
class DataType:
    """One DataType: ``storage`` is how an element lies in memory and in ``tensor_content`` (little-endian)."""

    number: int
    name: str
    storage: np.dtype[Any]
    field: TypedField

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the arrays handed out. Raises WireError for DT_BFLOAT16 where ml_dtypes is missing."""
        if self.name == "DT_HALF":
            return np.dtype("<f2")
        if self.name == "DT_BFLOAT16":
            return _bfloat16()
        return self.storage


def _bfloat16() -> np.dtype[Any]:
    try:
        import ml_dtypes
    except ImportError:
        raise WireError("a DT_BFLOAT16 tensor needs ml_dtypes: pip install ml_dtypes") from None
    bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return bfloat16


def _row(number: int, name: str, storage: str, field: str) -> DataType:
    return DataType(number, f"DT_{name}", np.dtype(object if storage == "O" else storage), _BY_NAME[field])


# Quantized numbers are plain integers whose scale travels elsewhere; they come out as those integers.
_TYPES = (
    _row(1, "FLOAT", "<f4", "float_val"),
    _row(2, "DOUBLE", "<f8", "double_val"),
    _row(3, "INT32", "<i4", "int_val"),
    _row(4, "UINT8", "u1", "int_val"),
    _row(5, "INT16", "<i2", "int_val"),
    _row(6, "INT8", "i1", "int_val"),
    _row(7, "STRING", "O", "string_val"),
    _row(8, "COMPLEX64", "<c8", "scomplex_val"),
    _row(9, "INT64", "<i8", "int64_val"),
    _row(10, "BOOL", "?", "bool_val"),
    _row(11, "QINT8", "i1", "int_val"),
    _row(12, "QUINT8", "u1", "int_val"),
    _row(13, "QINT32", "<i4", "int_val"),
    _row(14, "BFLOAT16", "<u2", "half_val"),
    _row(15, "QINT16", "<i2", "int_val"),
    _row(16, "QUINT16", "<u2", "int_val"),
    _row(17, "UINT16", "<u2", "int_val"),
    _row(18, "COMPLEX128", "<c16", "dcomplex_val"),
    _row(19, "HALF", "<u2", "half_val"),
    _row(22, "UINT32", "<u4", "uint32_val"),
    _row(23, "UINT64", "<u8", "uint64_val"),
)
DATA_TYPES = {data_type.number: data_type for data_type in _TYPES}

# Real types of TensorFlow that have no plain array of numbers or bytes behind them here; named in the refusal.
_REFUSED = {
    20: "DT_RESOURCE",
    21: "DT_VARIANT",
    24: "DT_FLOAT8_E5M2",
    25: "DT_FLOAT8_E4M3FN",
    26: "DT_FLOAT8_E4M3FNUZ",
    27: "DT_FLOAT8_E4M3B11FNUZ",
    28: "DT_FLOAT8_E5M2FNUZ",
    29: "DT_INT4",
    30: "DT_UINT4",
    31: "DT_INT2",
    32: "DT_UINT2",
    33: "DT_FLOAT4_E2M1FN",
}
REF_OFFSET = 100  # DT_FLOAT_REF is DT_FLOAT + 100, and so on: graph-internal, never sent

_BY_KIND = {
    (t.dtype.kind, t.dtype.itemsize): t
    for t in _TYPES
    if not t.name.startswith("DT_Q") and t.name not in ("DT_BFLOAT16", "DT_STRING")
}
_STRING, _BFLOAT16 = DATA_TYPES[7], DATA_TYPES[14]


def data_type_name(number: int) -> str:
    """The enum name of a DataType number; ``DataType 999`` where TensorFlow has none."""
    if number in DATA_TYPES:
        return DATA_TYPES[number].name
    if number in _REFUSED:
        return _REFUSED[number]
    if number > REF_OFFSET and (number - REF_OFFSET in DATA_TYPES or number - REF_OFFSET in _REFUSED):
        return data_type_name(number - REF_OFFSET) + "_REF"
    return "DT_INVALID" if number == 0 else f"DataType {number}"


@lru_cache(maxsize=64)
def data_type_of(dtype: np.dtype[Any]) -> DataType:
    """The DataType that carries arrays of ``dtype``, whatever its byte order.

    Raises CodecError where TensorFlow has none (dates, records, long doubles, ...).
    """
    found = _BY_KIND.get((dtype.kind, dtype.itemsize))
    if found is not None:
        return found
    if dtype.kind in "OSUT":
        return _STRING
    if dtype.name == "bfloat16":
        return _BFLOAT16
    raise CodecError(f"TensorFlow Serving has no type for numpy's {dtype}: convert the array first")
