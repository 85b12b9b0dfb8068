"""``serlab gateway``: the same calls direct and through a reverse proxy that carries both protocols."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import CodecOption, Kept, PayloadOption, exit_if, payload_specs, seconds, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving


@with_groups
def gateway(
    serving: Serving,
    keep: Kept,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, each with fresh client processes.")] = 6,
    calls: Annotated[str, typer.Option(help="How long each client calls.")] = "1s",
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print an nginx.conf for the server named by --serving, and end.")
    ] = False,
) -> None:
    """Measure what nginx in front of the server adds to calls: gRPC by grpc_pass, REST by proxy_pass.

    nginx runs from a config of its own, on free loopback ports, for the length of the measurement.

    Example: serlab gateway --print-config --serving localhost:8500:8501 > nginx.conf
    """
    from serlab.lab.deployment import nginx_config, through_gateway

    if print_config:
        typer.echo(nginx_config(serving), nl=False)
        return
    failed = through_gateway(serving, keep, payload_specs(payload), split(codec), rounds, seconds(calls) or 1.0)
    exit_if(failed)
