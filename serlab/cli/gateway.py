"""``serlab gateway``: the same calls direct and through a reverse proxy that carries both protocols."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import (
    CodecOption,
    JsonOption,
    PayloadOption,
    QuietOption,
    ResultsOption,
    SeedOption,
    seconds,
    split,
)
from serlab.cli.options.serving import (
    BatchOption,
    BinaryOption,
    CaOption,
    CertOption,
    HeaderOption,
    ImageOption,
    KeyOption,
    ModelOption,
    QuickackOption,
    ServingOption,
    SignatureOption,
    TimeoutOption,
    TlsOption,
)
from serlab.records.store import DEFAULT_ROOT

DEFAULT_PAYLOADS = ("vector-1k", "image")
DEFAULT_CODECS = ("orjson", "base64-simd", "wire")
#: Where the printed config listens: next to TensorFlow Serving's own 8500 and 8501.
GRPC_LISTEN, REST_LISTEN = "127.0.0.1:9500", "127.0.0.1:9501"
EXIT_FOUND = 1


def gateway(
    server_flags: Annotated[
        list[str] | None, typer.Argument(metavar="[-- SERVER_FLAGS]", help="Flags for a server that serlab starts.")
    ] = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, each with fresh client processes.")] = 6,
    calls: Annotated[str, typer.Option(help="How long each client calls.")] = "1s",
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print an nginx.conf for the server named by --serving, and end.")
    ] = False,
    serving: ServingOption = "embedded",
    serving_binary: BinaryOption = "",
    serving_image: ImageOption = "",
    model: ModelOption = "",
    signature: SignatureOption = "",
    batch: BatchOption = None,
    tls: TlsOption = False,
    ca: CaOption = "",
    cert: CertOption = "",
    key: KeyOption = "",
    header: HeaderOption = None,
    quickack: QuickackOption = True,
    timeout: TimeoutOption = 5.0,
    run: Annotated[str | None, typer.Option("--run", help="Add to this run instead of a new one.")] = None,
    seed: SeedOption = None,
    results: ResultsOption = DEFAULT_ROOT,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure what nginx in front of the server adds to calls: gRPC by grpc_pass, REST by proxy_pass.

    nginx runs from a config of its own, on free loopback ports, for the length of the measurement.

    Example: serlab gateway --print-config --serving localhost:8500:8501 > nginx.conf
    """
    from dataclasses import replace
    from pathlib import Path

    from serlab.analysis.deployment import gateway_costs
    from serlab.cli.options.serving import parse_headers
    from serlab.codecs import registry
    from serlab.lab.experiment import open_experiment
    from serlab.lab.live_target import transport_options
    from serlab.measure.deployment.gateway import measure_gateway
    from serlab.measure.process.workers import Workers
    from serlab.payload import checked_seed
    from serlab.records.run import Endpoint
    from serlab.report.tables.console import print_json, wide_console
    from serlab.report.tables.deployment import print_gateway
    from serlab.serving.base import ServingOptions
    from serlab.serving.gateway import find_nginx, gateway_config, start_gateway
    from serlab.serving.remote import parse_address

    if print_config:
        grpc, rest = parse_address(serving)
        server = Endpoint("remote", "", grpc, rest)
        folder = Path("/var/lib/nginx")
        typer.echo(gateway_config(server, grpc_listen=GRPC_LISTEN, rest_listen=REST_LISTEN, folder=folder), nl=False)
        return
    find_nginx()
    wanted = ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), model, signature, batch, tls, ca, cert, key,
        parse_headers(header),
    )  # fmt: skip
    options = transport_options(wanted, quickack=quickack, timeout_s=timeout)
    number = checked_seed(seed)
    payloads = split(payload) or (() if wanted.model else DEFAULT_PAYLOADS)
    codecs = split(codec) or tuple(name for name in DEFAULT_CODECS if name in registry.available())
    with (
        open_experiment(
            "gateway", wanted, options, payloads, codecs, seed=number, run=run, results=results, quiet=quiet
        ) as lab,
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
            seed=number,
            listener=lab.show,
            keep=lambda found: lab.folder.write_part("gateway", replace(found, instance=lab.live.instance)),
        )
        report = replace(report, instance=lab.live.instance)
    costs = gateway_costs(report)
    if as_json:
        print_json({"costs": costs, "report": report})
    else:
        print_gateway(report, lab.folder.read_info(), wide_console())
    if any(cost.errors for cost in costs):
        raise typer.Exit(EXIT_FOUND)
