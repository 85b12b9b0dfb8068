"""``serlab doctor``: what is wrong between this client and a server."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import JsonOption, exit_if
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving


@with_groups
def doctor(
    serving: Serving,
    payload: Annotated[
        str, typer.Option("--payload", help="What to send in a Predict call. Default: the model's own input sizes.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check that both protocols get through, that client and server mean the same, and that answers are what they seem.

    Exit code 1 means that something was found.

    Example: serlab doctor --serving localhost:8500:8501 --model resnet
    """
    from serlab.lab.doctor import examine

    exit_if(any(finding.status == "found" for finding in examine(serving, payload, as_json=as_json)))
