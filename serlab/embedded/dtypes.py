"""TensorFlow's DataType enum: the names TensorFlow prints, and numpy's dtypes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

#: DataTypeString prints these two differently from Python's TensorFlow.
_PRINTED = {"float32": "float", "float64": "double", "float16": "half"}


def printed_name(data_type: int) -> str:
    """Return the name as TensorFlow's C++ prints it in messages: ``float``, ``int32``, ``half``."""
    name: str = tf.as_dtype(data_type).name
    return _PRINTED.get(name, name)


@lru_cache(maxsize=64)
def numpy_dtype(data_type: int) -> np.dtype[Any]:
    """Return numpy's dtype; strings are objects (bytes), quantized numbers have a field that names their type.

    Raises:
        TypeError: dtypes that have no values outside TensorFlow, such as resources.
    """
    dtype: np.dtype[Any] = np.dtype(tf.as_dtype(data_type).as_numpy_dtype)
    return dtype


@lru_cache(maxsize=64)
def data_type_of(dtype: np.dtype[Any]) -> int:
    """Return the DataType of a numpy dtype."""
    return int(tf.as_dtype(dtype).as_datatype_enum)
