"""``serlab codecs``: which codecs there are, and why one cannot be used here."""

from __future__ import annotations

from typing import Annotated

import typer


def codecs(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False) -> None:
    """List the codecs: transport, how they work, and whether they can be used here.

    Example: serlab codecs --json
    """
    from serlab.lab.codecs import show_codecs

    show_codecs(as_json=as_json)
