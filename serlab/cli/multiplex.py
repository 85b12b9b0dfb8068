"""``serlab multiplex``: calls that share a connection, over HTTP/2 and over HTTP/1.1."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import Kept, exit_if, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving


@with_groups
def multiplex(
    serving: Serving,
    keep: Kept,
    payload: Annotated[
        str, typer.Option("--payload", help="Payload of the calls that are made at once.")
    ] = "vector-10k",
    large: Annotated[
        str, typer.Option("--large", help="Payload of the call that small ones wait behind; none for none.")
    ] = "image",
    codec: Annotated[str, typer.Option("--codec", help="A codec per protocol, separated by commas.")] = "wire,orjson",
    calls: Annotated[int, typer.Option(min=2, help="Calls made at once.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, each with fresh client processes.")] = 6,
) -> None:
    """Measure what calls that share one connection cost each other: gRPC streams, HTTP/1.1, and a connection each.

    HTTP/1.1 calls wait for the connection; pipelining is not used, for its answers would come in order all the same.
    TensorFlow Serving has unary calls only: frames are sent as unary calls, several in flight on one connection.

    Example: serlab multiplex --payload vector-1k --calls 16 --large none -- --grpc_max_threads=32
    """
    from serlab.lab.deployment import share_connections

    large = "" if large == "none" else large
    exit_if(share_connections(serving, keep, payload, large, split([codec]), calls=calls, rounds=rounds).errors)
