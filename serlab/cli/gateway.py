"""``serlab gateway``: the same calls direct and through a reverse proxy that carries both protocols."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import CodecOption, Kept, PayloadOption, payload_specs, seconds, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving

DEFAULT_PAYLOADS = ("vector-1k", "image")
DEFAULT_CODECS = ("orjson", "base64-simd", "wire")
#: Where the printed config listens: next to TensorFlow Serving's own 8500 and 8501.
GRPC_LISTEN, REST_LISTEN = "127.0.0.1:9500", "127.0.0.1:9501"
EXIT_FOUND = 1


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
    from dataclasses import replace
    from pathlib import Path

    from serlab.analysis.deployment import gateway_costs
    from serlab.codecs import registry
    from serlab.lab.experiment import open_experiment
    from serlab.measure.deployment.gateway import measure_gateway
    from serlab.measure.process.workers import Workers
    from serlab.report.tables.console import print_json, wide_console
    from serlab.report.tables.deployment import print_gateway
    from serlab.serving.gateway import find_nginx, gateway_config, start_gateway
    from serlab.serving.remote import remote_endpoint

    if print_config:
        server = remote_endpoint(replace(serving, model=serving.model or "any"))
        folder = Path("/var/lib/nginx")
        typer.echo(gateway_config(server, grpc_listen=GRPC_LISTEN, rest_listen=REST_LISTEN, folder=folder), nl=False)
        return
    find_nginx()
    payloads = payload_specs(payload) or (() if serving.model else DEFAULT_PAYLOADS)
    codecs = split(codec) or tuple(name for name in DEFAULT_CODECS if name in registry.available())
    with (
        open_experiment("gateway", serving, payloads, codecs, keep) as lab,
        start_gateway(lab.live.target.endpoint) as through,
        Workers(lab.live.codecs) as workers,
    ):
        report = measure_gateway(
            workers,
            lab.live.target,
            through,
            payloads=lab.live.payloads,
            codecs=lab.live.codecs,
            rounds=rounds,
            calls_s=seconds(calls) or 1.0,
            seed=keep.seed,
            listener=lab.show,
            keep=lambda found: lab.folder.write_part("gateway", replace(found, instance=lab.live.instance)),
        )
        report = replace(report, instance=lab.live.instance)
    costs = gateway_costs(report)
    if keep.as_json:
        print_json({"costs": costs, "report": report})
    else:
        print_gateway(report, lab.folder.read_info(), wide_console())
    if any(cost.errors for cost in costs):
        raise typer.Exit(EXIT_FOUND)
