"""A message's tensors as numpy's own file of named arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import CodecError, UsageError
from serlab.wire.inspect import MessageAnatomy


def write_npz(anatomy: MessageAnatomy, path: Path) -> None:
    """Write every tensor that could be read, under its name ("tensor" where it has none).

    Strings become numpy's bytes of a fixed width, for object arrays are pickled, which nobody should have to load.

    Raises:
        CodecError: no tensor could be read, or strings end with zero bytes, which a fixed width loses.
        UsageError: the file cannot be written.
    """
    arrays = {tensor.name or "tensor": tensor.array for tensor in anatomy.tensors if tensor.array is not None}
    if not arrays:
        raise CodecError(f"no tensor of the {anatomy.message} can be read: there is nothing to write")
    plain = {name: _plain(name, array) for name, array in arrays.items()}
    try:
        with path.open("wb") as file:
            np.savez(file, **plain)  # type: ignore[arg-type]
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _plain(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind != "O":
        return array
    values = array.reshape(-1).tolist()
    if not all(isinstance(value, bytes) for value in values):
        raise CodecError(f"tensor {name!r} is no array of one kind of values: it cannot be written as one")
    if any(value.endswith(b"\0") for value in values):
        raise CodecError(f"tensor {name!r} holds strings that end with zero bytes, which an .npz cannot keep")
    return np.array(values, dtype=bytes).reshape(array.shape)
