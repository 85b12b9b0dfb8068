"""``serlab golden``: requests and answers as files, for clients of any language to check themselves against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serlab.cli.options.common import CodecOption, JsonOption, SeedOption, exit_if, split
from serlab.lab.asked import checked_seed


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
    from serlab.lab.golden import check_golden, write_golden

    if check:
        exit_if(check_golden(folder, as_json=as_json))
    else:
        write_golden(folder, split(codec), checked_seed(seed), as_json=as_json)
