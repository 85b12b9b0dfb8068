"""``serlab inspect``: what is in a serialized PredictRequest or PredictResponse."""

from __future__ import annotations

import sys
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options.common import JsonOption

if TYPE_CHECKING:
    from serlab.wire.inspect import Message, MessageAnatomy

EXIT_FOUND = 1


class MessageKind(str, Enum):
    """What ``--as`` takes."""

    request = "request"
    response = "response"

    @property
    def message(self) -> Message:
        """The message's name."""
        return "PredictRequest" if self is MessageKind.request else "PredictResponse"


def inspect(
    body: Annotated[str, typer.Argument(metavar="BODY", help="File of a serialized message; - for standard input.")],
    read_as: Annotated[
        MessageKind | None, typer.Option("--as", help="Which message it is, where it cannot be told from its bytes.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a message's tensors: their form, bytes per element, and how many bytes are data and how many wrapping.

    Exits with 1 if a tensor in it cannot be read.

    Example: serlab inspect request.bin
    """
    from serlab.wire.inspect import inspect_message

    anatomy = inspect_message(_read(body), read_as.message if read_as else None)
    if as_json:
        from serlab.report.tables.console import print_json

        print_json(_as_json(anatomy))
    else:
        _print(anatomy)
    if any(tensor.problem for tensor in anatomy.tensors):
        raise typer.Exit(EXIT_FOUND)


def _read(source: str) -> bytes:
    from serlab.errors import UsageError

    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error


def _as_json(anatomy: MessageAnatomy) -> dict[str, object]:
    sizes = {"data_bytes": anatomy.data_bytes, "wrapping_bytes": anatomy.wrapping_bytes}
    tensors = [asdict(tensor) | {"bytes_per_element": tensor.bytes_per_element} for tensor in anatomy.tensors]
    return asdict(anatomy) | sizes | {"tensors": tensors}


def _print(anatomy: MessageAnatomy) -> None:
    from serlab.report.tables.console import plain_table, wide_console

    console = wide_console()
    console.print(f"{anatomy.message}, {anatomy.size_bytes:,} bytes: {_parts(anatomy)}")
    model = anatomy.model
    version = "" if model.version is None else f", version {model.version}"
    label = "" if model.label is None else f", version label {model.label!r}"
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
            console.print(f"{tensor.name}: {note}")
        if tensor.problem:
            console.print(f"{tensor.name}: cannot be read: {tensor.problem}")


def _parts(anatomy: MessageAnatomy) -> str:
    share = f" ({100 * anatomy.wrapping_bytes / anatomy.size_bytes:.3g} %)" if anatomy.size_bytes else ""
    return f"{anatomy.data_bytes:,} of data, {anatomy.wrapping_bytes:,} of wrapping{share}"
