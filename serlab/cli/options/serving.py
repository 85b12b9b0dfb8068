"""Options that say which live instance to call, and the ones that go with them."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.errors import UsageError

_PANEL = "Live instance"

ServingOption = Annotated[
    str,
    typer.Option(
        "--serving", help="embedded, binary, docker, or HOST:GRPC_PORT:REST_PORT of a running server.",
        rich_help_panel=_PANEL,
    ),
]  # fmt: skip
BinaryOption = Annotated[str, typer.Option("--serving-binary", help="Path of tensorflow_model_server (binary).")]
ImageOption = Annotated[str, typer.Option("--serving-image", help="Image with its tag (docker).")]
ModelOption = Annotated[str, typer.Option("--model", help="Model's name (running server).")]
SignatureOption = Annotated[str, typer.Option("--signature", help="Signature's name (running server).")]
BatchOption = Annotated[int | None, typer.Option("--batch", help="Rows of the payload (running server).")]
TlsOption = Annotated[bool, typer.Option("--tls", help="The running server speaks TLS.")]
CaOption = Annotated[str, typer.Option("--ca", help="PEM file of the authority to trust.")]
CertOption = Annotated[str, typer.Option("--cert", help="PEM file of the client's certificate.")]
KeyOption = Annotated[str, typer.Option("--key", help="PEM file of the client's key.")]
HeaderOption = Annotated[
    list[str] | None, typer.Option("--header", help="NAME:VALUE sent with every call; repeat for more.")
]
QuickackOption = Annotated[
    bool, typer.Option("--quickack/--no-quickack", help="Acknowledge at once (TCP_QUICKACK), where the system can.")
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", help="Seconds a call may take, plus one per MiB of payload.")
]


def parse_headers(given: list[str] | None) -> dict[str, str]:
    """Return ``NAME:VALUE`` options as a mapping.

    Raises:
        UsageError: one has no colon, or no name.
    """
    headers = {}
    for text in given or []:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise UsageError(f"--header {text!r} does not parse: write NAME:VALUE")
        headers[name.strip()] = value.strip()
    return headers
