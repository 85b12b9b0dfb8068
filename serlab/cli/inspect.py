"""``serlab inspect``: what is in a serialized PredictRequest or PredictResponse."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from serlab.cli.options.common import JsonOption, exit_if


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
    from serlab.lab.inspection import inspect_body

    anatomy = inspect_body(body, read_as.value if read_as else "", to_npz, as_json=as_json)
    if to_npz is not None:
        typer.echo(f"tensors: {to_npz}", err=True)
    exit_if(any(tensor.problem for tensor in anatomy.tensors))
