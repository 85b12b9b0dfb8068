"""Tensors as strings of their bytes within a graph: what ``{"b64": …}`` carries over REST."""

from __future__ import annotations

from typing import Any

#: Dtypes ``tf.io.decode_raw`` does not offer, read as the integer of the same width and bitcast.
_READ_AS = {"bfloat16": "uint16", "uint32": "int32", "uint64": "int64"}


def row_bytes(tf: Any, tensor: Any) -> Any:
    """Return the little-endian bytes of each row as a string: shape (n,) of a tensor of n rows.

    A serialized TensorProto ends in its tensor_content, the bytes of all rows.
    """
    proto = tf.io.serialize_tensor(tensor)
    rows = tf.shape(tensor)[0]
    row_size = tf.size(tensor) * tensor.dtype.size // tf.maximum(rows, 1)
    first = tf.strings.length(proto) - rows * row_size
    return tf.strings.substr(proto, first + tf.range(rows) * row_size, tf.fill([rows], row_size))


def from_row_bytes(tf: Any, strings: Any, dtype: str) -> Any:
    """Return strings (n,) of little-endian bytes as (n, elements per string) of ``dtype``."""
    read_as = _READ_AS.get(dtype)
    decoded = tf.io.decode_raw(strings, tf.as_dtype(read_as or dtype), little_endian=True)
    return tf.bitcast(decoded, tf.as_dtype(dtype)) if read_as else decoded
