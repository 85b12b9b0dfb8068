"""The options of every command that meets a server: which one, and how a client reaches it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from serlab.cli.options.groups import Group
from serlab.connection.options import DEFAULT_MAX_RECEIVE_BYTES, DEFAULT_TIMEOUT_S
from serlab.errors import UsageError
from serlab.serving.base import ServingOptions

_MIB = 2**20


def _live(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel="Live instance", **settings)


def serving_options(
    server_flags: Annotated[
        list[str] | None, typer.Argument(metavar="[-- SERVER_FLAGS]", help="Flags for a server that serlab starts.")
    ] = None,
    serving: Annotated[
        str,
        _live(
            "--serving",
            help="auto, embedded, binary, docker; or a running server: HOST:GRPC_PORT:REST_PORT, or "
            "grpc(s)://HOST:PORT and http(s)://HOST:PORT/PREFIX, separated by a comma.",
        ),
    ] = "auto",
    serving_binary: Annotated[str, _live("--serving-binary", help="Path of tensorflow_model_server (binary).")] = "",
    serving_image: Annotated[str, _live("--serving-image", help="Image with its tag (docker).")] = "",
    model: Annotated[str, _live("--model", help="Model's name (running server).")] = "",
    signature: Annotated[str, _live("--signature", help="Signature's name (running server).")] = "",
    model_version: Annotated[
        int | None, _live("--model-version", min=0, help="The model's version, by number.")
    ] = None,
    model_label: Annotated[str, _live("--model-label", help="Model's version, by label.")] = "",
    batch: Annotated[int | None, _live("--batch", help="Rows of the payload (running server).")] = None,
    dim: Annotated[
        list[str] | None, _live("--dim", help="NAME=SIZE of an input's other open sizes; repeat for more.")
    ] = None,
    output: Annotated[
        list[str] | None, _live("--output", help="An output to read; repeat for more. Default: all.")
    ] = None,
    tls: Annotated[bool, _live("--tls", help="The running server speaks TLS.")] = False,
    ca: Annotated[str, _live("--ca", help="PEM file of the authority to trust.")] = "",
    cert: Annotated[str, _live("--cert", help="PEM file of the client's certificate.")] = "",
    key: Annotated[str, _live("--key", help="PEM file of the client's key.")] = "",
    authority: Annotated[
        str, _live("--authority", help="The server's name where it is not its address: Host, :authority, certificate.")
    ] = "",
    header: Annotated[
        list[str] | None,
        _live("--header", help="NAME:VALUE sent with every call, or @FILE with one per line; repeat for more."),
    ] = None,
    quickack: Annotated[
        bool, _live("--quickack/--no-quickack", help="Acknowledge at once (TCP_QUICKACK), where the system can.")
    ] = True,
    timeout: Annotated[
        float, _live("--timeout", help="Seconds a call may take, plus one per MiB of payload.")
    ] = DEFAULT_TIMEOUT_S,
    max_receive: Annotated[
        int, _live("--max-receive", min=1, metavar="MIB", help="Largest answer that a gRPC client takes, in MiB.")
    ] = DEFAULT_MAX_RECEIVE_BYTES // _MIB,
) -> ServingOptions:
    """Return the options as the instance and its clients take them. Raises ``UsageError`` for what cannot be meant."""
    from serlab.connection import TransportOptions

    if model_version is not None and model_label:
        raise UsageError("--model-version and --model-label both pick a version: give one")
    client = TransportOptions(
        timeout_s=timeout,
        quickack=quickack,
        max_receive_bytes=max_receive * _MIB,
        headers=parse_headers(header),
        ca=ca,
        cert=cert,
        key=key,
        authority=authority,
    )
    return ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), model, signature, batch, tls, client,
        dims=tuple(dim or ()), outputs=tuple(output or ()), version=model_version, label=model_label,
    )  # fmt: skip


#: A server, for a command that has the whole group.
Serving = Annotated[ServingOptions, Group(serving_options)]


def parse_headers(given: list[str] | None) -> dict[str, Any]:
    """Return ``NAME:VALUE`` options, and those in files, as secrets by name.

    Raises:
        UsageError: one has no colon, no name, or is given twice; or a file cannot be read. No value is quoted.
    """
    from serlab.records.secret import Secret

    headers: dict[str, Secret] = {}
    lines = [line for text in given or [] for line in (_lines(text[1:]) if text.startswith("@") else [text])]
    for text in lines:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise UsageError("a --header does not parse: write NAME:VALUE, or @FILE of such lines")
        if name.strip() in headers:
            raise UsageError(f"--header {name.strip()!r} is given twice: give one value")
        headers[name.strip()] = Secret(value.strip())
    return headers


def _lines(path: str) -> list[str]:
    from serlab.records.files import read_file

    try:
        text = read_file(Path(path)).decode()
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the headers in {path!r}: {error}") from error
    return [line for line in text.splitlines() if line.strip()]
