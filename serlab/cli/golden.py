"""``serlab golden``: requests and answers as files, for clients of any language to check themselves against."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from serlab.cli.options.common import CodecOption, JsonOption, SeedOption, split

EXIT_FOUND = 1


def golden(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write, or with --check to read.")],
    codec: CodecOption = None,
    seed: SeedOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing: make each request again, read each answer, and compare.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the requests of every codec and the answers to them, with a manifest, checksums and curl commands.

    They are small pieces of the payload catalogue for the lab's echo, and a request to each of its six models, on an
    embedded instance. The manifest holds the tensors themselves. Exit code 1 means that --check found a difference.

    Example: serlab golden golden/
    Example: serlab golden golden/ --check
    """
    from serlab.lab.golden import MODELS, differences, make_golden, read_golden
    from serlab.report.tables.console import print_json

    if check:
        found = differences(folder, read_golden(folder))
        if as_json:
            print_json(found)
        else:
            print("\n".join(found) or "every request is the same, and every answer is read")
        if found:
            raise typer.Exit(EXIT_FOUND)
        return
    from serlab.codecs import registry
    from serlab.connection import TransportOptions
    from serlab.payload import checked_seed
    from serlab.servable import ensure_model
    from serlab.serving.base import ServingOptions
    from serlab.serving.registry import parse_serving

    wanted = split(codec) or tuple(registry.available())
    codecs = [name for name in wanted if registry.transport_of(name) != "none"]
    print("starting a server with the lab's models", file=sys.stderr)
    with parse_serving(ServingOptions(), {name: ensure_model(name) for name in MODELS}) as endpoint:
        manifest = make_golden(folder, endpoint, TransportOptions(), codecs, checked_seed(seed))
    if as_json:
        print_json(manifest)
        return
    for subject in manifest.subjects:
        size = sum(one.request.bytes + one.response.bytes for one in subject.exchanges)
        print(f"{subject.name}: {len(subject.exchanges)} codecs, {size:,} bytes")
        for name, reason in subject.left_out.items():
            print(f"  not with {name}: {reason}")
    print(f"golden bodies: {folder}", file=sys.stderr)
