"""``serlab multiplex``: calls that share a connection, over HTTP/2 and over HTTP/1.1."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import JsonOption, QuietOption, ResultsOption, SeedOption
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


def multiplex(
    server_flags: Annotated[
        list[str] | None, typer.Argument(metavar="[-- SERVER_FLAGS]", help="Flags for a server that serlab starts.")
    ] = None,
    payload: Annotated[
        str, typer.Option("--payload", help="Payload of the calls that are made at once.")
    ] = "vector-10k",
    large: Annotated[
        str, typer.Option("--large", help="Payload of the call that small ones wait behind; none for none.")
    ] = "image",
    codec: Annotated[str, typer.Option("--codec", help="A codec per protocol, separated by commas.")] = "wire,orjson",
    calls: Annotated[int, typer.Option(min=2, help="Calls made at once.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, each with fresh client processes.")] = 6,
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
    """Measure what calls that share one connection cost each other: gRPC streams, HTTP/1.1, and a connection each.

    HTTP/1.1 calls wait for the connection; pipelining is not used, for its answers would come in order all the same.
    TensorFlow Serving has unary calls only: frames are sent as unary calls, several in flight on one connection.

    Example: serlab multiplex --payload vector-1k --calls 16 --large none -- --grpc_max_threads=32
    """
    from dataclasses import replace

    from serlab.analysis.deployment import summarize_sharing
    from serlab.cli.options.serving import parse_headers
    from serlab.lab.experiment import open_experiment
    from serlab.lab.live_target import transport_options
    from serlab.measure.deployment.multiplexing import measure_multiplexing
    from serlab.measure.process.workers import Workers
    from serlab.payload import checked_seed
    from serlab.records.load import StepLimits
    from serlab.report.tables.console import print_json, wide_console
    from serlab.report.tables.deployment import print_multiplexing
    from serlab.serving.base import ServingOptions

    wanted = ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), model, signature, batch, tls, ca, cert, key,
        parse_headers(header),
    )  # fmt: skip
    options = transport_options(wanted, quickack=quickack, timeout_s=timeout)
    number = checked_seed(seed)
    large_payload = "" if large == "none" else large
    payloads, codecs = tuple(filter(None, (payload, large_payload))), tuple(codec.split(","))
    with (
        open_experiment(
            "multiplexing", wanted, options, payloads, codecs, seed=number, run=run, results=results, quiet=quiet
        ) as lab,
        Workers(lab.live.codecs) as workers,
    ):
        report = measure_multiplexing(
            workers,
            lab.live.target,
            payload=payload,
            large_payload=large_payload,
            codecs=lab.live.codecs,
            calls=calls,
            rounds=rounds,
            seed=number,
            frames=StepLimits(),
            listener=lab.show,
        )
        report = replace(report, instance=lab.live.instance)
        lab.folder.write_part("multiplexing", report)
    if as_json:
        print_json({"summaries": summarize_sharing(report), "report": report})
    else:
        print_multiplexing(report, lab.folder.read_info(), wide_console())
