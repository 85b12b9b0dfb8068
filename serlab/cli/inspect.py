"""``serlab inspect``: what is in a serialized PredictRequest or PredictResponse."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options.common import JsonOption

if TYPE_CHECKING:
    from serlab.wire.inspect import MessageAnatomy

EXIT_FOUND = 1


class MessageKind(str, Enum):
    """What ``--as`` takes."""

    request = "request"
    response = "response"
    tensor = "tensor"
    examples = "examples"
    classes = "classes"
    regressions = "regressions"


def inspect(
    body: Annotated[str, typer.Argument(metavar="BODY", help="File of a message or body; - for standard input.")],
    read_as: Annotated[
        MessageKind | None, typer.Option("--as", help="Which message it is, where it cannot be told from its bytes.")
    ] = None,
    to_npz: Annotated[
        Path | None, typer.Option("--to-npz", metavar="FILE", help="Also write the tensors to FILE, by name.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a message's tensors: their form, bytes per element, and how many bytes are data and how many wrapping.

    Takes what Predict, Classify and Regress send and answer, a TensorProto (tf.io.serialize_tensor), the same within
    gRPC's frame or gzip, REST bodies, and .npz and .npy files. Exits with 1 if a tensor in it cannot be read.

    Example: serlab inspect request.bin
    """
    from serlab.wire.recognise import NAMES, inspect_message

    anatomy = inspect_message(_read(body), NAMES[read_as.value] if read_as else None)
    if as_json:
        from serlab.report.tables.console import print_json

        print_json(_as_json(anatomy))
    else:
        _print(anatomy)
    if to_npz is not None:
        from serlab.wire.to_npz import write_npz

        write_npz(anatomy, to_npz)
        typer.echo(f"tensors: {to_npz}", err=True)
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
    tensors = [
        {name: value for name, value in asdict(tensor).items() if name != "array"}
        | {"bytes_per_element": tensor.bytes_per_element}
        for tensor in anatomy.tensors
    ]
    return asdict(replace(anatomy, tensors=())) | sizes | {"tensors": tensors}


def _print(anatomy: MessageAnatomy) -> None:
    from serlab.report.tables.console import plain_table, wide_console
    from serlab.wire.model_spec import ModelSpec

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
