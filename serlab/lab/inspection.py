"""What ``serlab inspect`` reads and shows."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import CodecError, UsageError
from serlab.records.files import read_file
from serlab.report.tables.console import plain_table, print_json, wide_console
from serlab.wire.inspect import MessageAnatomy
from serlab.wire.model_spec import ModelSpec
from serlab.wire.recognise import NAMES, inspect_message


def read_body(source: str) -> bytes:
    """Return what a file holds, or standard input ("-"). Raises ``UsageError`` or ``StoreError``: unreadable."""
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return read_file(Path(source))
    except FileNotFoundError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error


def inspect_body(source: str, read_as: str, to_npz: Path | None, *, as_json: bool) -> MessageAnatomy:
    """Print what the message in a file is made of, write its tensors to ``to_npz`` where that is named, return it.

    ``read_as`` is the kind of message by its short name, or "" where its bytes tell.

    Raises:
        UsageError, WireError: it cannot be read, or is no such message.
    """
    anatomy = inspect_message(read_body(source), NAMES[read_as] if read_as else None)
    show_anatomy(anatomy, as_json=as_json)
    if to_npz is not None:
        write_npz(anatomy, to_npz)
    return anatomy


def show_anatomy(anatomy: MessageAnatomy, *, as_json: bool) -> None:
    """Print what a message is made of, for people or for machines."""
    if as_json:
        print_json(_as_json(anatomy))
    else:
        _print(anatomy)


def _as_json(anatomy: MessageAnatomy) -> dict[str, object]:
    sizes = {"data_bytes": anatomy.data_bytes, "wrapping_bytes": anatomy.wrapping_bytes}
    tensors = [
        {name: value for name, value in asdict(tensor).items() if name != "array"}
        | {"bytes_per_element": tensor.bytes_per_element}
        for tensor in anatomy.tensors
    ]
    return asdict(replace(anatomy, tensors=())) | sizes | {"tensors": tensors}


def _print(anatomy: MessageAnatomy) -> None:
    console = wide_console()
    within = f" within {anatomy.wrapped}" if anatomy.wrapped else ""
    console.print(f"{anatomy.message}{within}, {anatomy.size_bytes:,} bytes: {_parts(anatomy)}")
    model = anatomy.model
    version = "" if model.version is None else f", version {model.version}"
    label = "" if model.label is None else f", version label {model.label!r}"
    if model != ModelSpec():
        console.print(f"model {model.name!r}, signature {model.signature or 'serving_default'!r}{version}{label}")
    if anatomy.output_filter:
        console.print(f"only the outputs {', '.join(map(repr, anatomy.output_filter))}")
    columns = ("tensor", "dtype", "shape", "form", "field", "values", "data bytes", "bytes per element")
    table = plain_table("", columns, left=5)
    for tensor in anatomy.tensors:
        per_element = tensor.bytes_per_element
        table.add_row(
            tensor.name,
            tensor.dtype,
            "x".join(map(str, tensor.shape)) or "scalar",
            tensor.form or "–",
            tensor.field or "–",
            f"{tensor.values:,}",
            f"{tensor.data_bytes:,}",
            "–" if per_element is None else f"{per_element:.2f}",
        )
    if anatomy.tensors:
        console.print(table)
    for tensor in anatomy.tensors:
        for note in tensor.notes:
            console.print(f"{tensor.name or 'tensor'}: {note}")
        if tensor.problem:
            console.print(f"{tensor.name or 'tensor'}: cannot be read: {tensor.problem}")


def _parts(anatomy: MessageAnatomy) -> str:
    share = f" ({100 * anatomy.wrapping_bytes / anatomy.size_bytes:.3g} %)" if anatomy.size_bytes else ""
    return f"{anatomy.data_bytes:,} of data, {anatomy.wrapping_bytes:,} of wrapping{share}"


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
