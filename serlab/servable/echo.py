"""Exports the echo servable with TensorFlow: a ``tf.Module`` with one concrete function per signature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from serlab.servable.saving import Built, save_model
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES, Signature

#: Dtypes ``tf.io.decode_raw`` does not offer, read as the integer of the same width and bitcast.
_READ_AS = {"bfloat16": "uint16", "uint32": "int32", "uint64": "int64"}


def export_echo(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(ECHO_MODEL, path, _build)


def _build(tf: Any) -> Built:
    return tf.Module(), {
        entry.name: tf.function(_body(tf, entry)).get_concrete_function(
            tf.TensorSpec(_input_shape(entry), tf.as_dtype(entry.input_dtype), name=entry.input)
        )
        for entry in SIGNATURES.values()
    }


def _input_shape(entry: Signature) -> list[None] | None:
    """Unknown rank, but for strings to decode: the bytes of each become one row."""
    return [None] if entry.kind == "from_bits" else None


def _body(tf: Any, entry: Signature) -> Callable[[Any], dict[str, Any]]:
    def echo(x: Any) -> dict[str, Any]:
        return {entry.output: tf.identity(x)}

    def bits(x: Any) -> dict[str, Any]:
        # A serialized TensorProto ends in its tensor_content, the bytes of the buffer: that tail is the answer.
        proto = tf.io.serialize_tensor(x)
        size = tf.size(x) * tf.as_dtype(entry.dtype).size
        tail = tf.strings.substr(proto, tf.strings.length(proto) - size, size)
        return {entry.output: tf.reshape(tail, [1])}

    def from_bits(x: Any) -> dict[str, Any]:
        read_as = _READ_AS.get(entry.dtype)
        decoded = tf.io.decode_raw(x, tf.as_dtype(read_as or entry.dtype), little_endian=True)
        return {entry.output: tf.bitcast(decoded, tf.as_dtype(entry.dtype)) if read_as else decoded}

    return {"echo": echo, "bytes": echo, "bits": bits, "from_bits": from_bits}[entry.kind]
