"""``serlab upload``: what encoding and sending a request holds in the client's memory."""

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

DEFAULT_PAYLOADS = ("image", "batch-16")
EXIT_FOUND = 1


def upload(
    server_flags: Annotated[
        list[str] | None, typer.Argument(metavar="[-- SERVER_FLAGS]", help="Flags for a server that serlab starts.")
    ] = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
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
    """Measure the client's memory while it uploads: whole bodies against a body that is made while it is sent.

    Example: serlab upload --payload 100x224x224x3:float32 --codec orjson,json-chunked --timeout 60
    """
    from dataclasses import replace

    from serlab.cli.options.serving import parse_headers
    from serlab.lab.experiment import open_experiment
    from serlab.lab.live_target import transport_options
    from serlab.measure.deployment.upload import DEFAULT_CODECS, measure_upload
    from serlab.measure.process.workers import Workers
    from serlab.payload import checked_seed
    from serlab.report.tables.console import print_json, wide_console
    from serlab.report.tables.deployment import print_upload
    from serlab.serving.base import ServingOptions

    wanted = ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), model, signature, batch, tls, ca, cert, key,
        parse_headers(header),
    )  # fmt: skip
    options = transport_options(wanted, quickack=quickack, timeout_s=timeout)
    number = checked_seed(seed)
    payloads = split(payload) or (() if wanted.model else DEFAULT_PAYLOADS)
    with (
        open_experiment(
            "upload", wanted, options, payloads, split(codec) or DEFAULT_CODECS,
            seed=number, run=run, results=results, quiet=quiet,
        ) as lab,
        Workers(lab.live.codecs) as workers,
    ):  # fmt: skip
        report = measure_upload(
            workers,
            lab.live.target,
            lab.folder,
            payloads=lab.live.payloads,
            codecs=lab.live.codecs,
            seed=number,
            listener=lab.show,
        )
        report = replace(report, instance=lab.live.instance)
        lab.folder.write_part("upload", report)
    if as_json:
        print_json(report)
    else:
        print_upload(report, lab.folder.read_info(), wide_console())
    if report.failures:
        raise typer.Exit(EXIT_FOUND)
