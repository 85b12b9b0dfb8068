"""Exports the echo servable with TensorFlow: a ``tf.Module`` with one concrete function per signature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from serlab.servable.raw_bytes import from_row_bytes, row_bytes
from serlab.servable.representations import concrete
from serlab.servable.saving import Built, save_model
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES, Signature


def export_echo(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(ECHO_MODEL, path, _build)


def _build(tf: Any) -> Built:
    represented = concrete(
        tf, lambda x: {"y": tf.identity(x)}, {"x": tf.TensorSpec(None, tf.float32, "x")}, raw_bytes=True
    )
    # The table of signatures comes second: its "bytes" echoes the strings themselves.
    return tf.Module(), represented | {
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
        return {entry.output: row_bytes(tf, tf.reshape(x, [1, -1]))}

    def from_bits(x: Any) -> dict[str, Any]:
        return {entry.output: from_row_bytes(tf, x, entry.dtype)}

    return {"echo": echo, "bytes": echo, "bits": bits, "from_bits": from_bits}[entry.kind]
