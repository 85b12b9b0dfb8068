"""``serlab load``: many calls at once, in a closed loop or at a given rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from serlab.records.load import StepSpec

EXIT_FOUND = 1
DEFAULT_PAYLOAD = "vector-1k"
DEFAULT_CODECS = ("json", "orjson", "base64-simd", "tensor-proto", "wire")


def load(
    server_flags: Annotated[
        list[str] | None, typer.Argument(metavar="[-- SERVER_FLAGS]", help="Flags for a server that serlab starts.")
    ] = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    concurrency: Annotated[
        str, typer.Option(help="Calls in flight, e.g. 1,2,4,8. With --rate: at most so many, one number.")
    ] = "",
    rate: Annotated[str, typer.Option(help="Open loop: calls per second, e.g. 100,200,400.")] = "",
    arrivals: Annotated[str, typer.Option(help="Open loop: poisson or constant.")] = "poisson",
    pre_encode: Annotated[
        bool, typer.Option("--pre-encode", help="Send ready bodies, leave answers undecoded: the server's capacity.")
    ] = False,
    connections: Annotated[
        int, typer.Option(help="Connections or channels that the calls share; 0: one per call in flight.")
    ] = 0,
    processes: Annotated[int, typer.Option(help="Processes that generate the load; 0: one per core.")] = 0,
    rounds: Annotated[int, typer.Option(min=1, help="Times that every step is taken, in shuffled order.")] = 3,
    warmup: Annotated[str, typer.Option(help="Warm-up of a step.")] = "1s",
    window: Annotated[str, typer.Option(help="Window of a step; it ends when three windows agree.")] = "1s",
    windows: Annotated[int, typer.Option(min=1, help="At most this many windows per step.")] = 10,
    locust_workers: Annotated[
        int, typer.Option(min=0, help="Let Locust make the load, with this many worker processes.")
    ] = 0,
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
    """Put a live instance under load and find throughput, latency, errors, CPU, and where adding load stops paying.

    Exit code 1 means that a step failed, or that some calls did.

    Example: serlab load --payload image --codec orjson,wire --concurrency 1,4,16 --pre-encode
    """
    from serlab.analysis.load import histogram
    from serlab.cli.options.load import make_steps
    from serlab.cli.options.serving import parse_headers
    from serlab.codecs import registry
    from serlab.lab.live_target import check_names, transport_options
    from serlab.lab.load import Session, show_load
    from serlab.measure.load.sweep import check_limits
    from serlab.payload import checked_seed
    from serlab.records.load import StepLimits
    from serlab.records.store import check_writable
    from serlab.serving.base import ServingOptions

    wanted = ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), model, signature, batch, tls, ca, cert, key,
        parse_headers(header),
    )  # fmt: skip
    options = transport_options(wanted, quickack=quickack, timeout_s=timeout)
    number = checked_seed(seed)
    histogram.library()
    payloads = split(payload) or (() if wanted.model else (DEFAULT_PAYLOAD,))
    codecs = split(codec) or tuple(name for name in DEFAULT_CODECS if name in registry.available())
    check_names(payloads, codecs, number)
    limits = check_limits(
        StepLimits(seconds(warmup) or 0.0, seconds(window) or 0.0, min_windows=min(3, windows), max_windows=windows)
    )

    def steps(usable_payloads: tuple[str, ...], usable_codecs: tuple[str, ...]) -> list[StepSpec]:
        return make_steps(
            usable_payloads,
            usable_codecs,
            concurrency=concurrency,
            rates=rate,
            arrivals=arrivals,
            connections=connections,
            processes=processes,
            pre_encode=pre_encode,
        )

    steps(payloads or (DEFAULT_PAYLOAD,), codecs)  # what is wrong with the numbers is said before a server starts
    check_writable(results)
    session = Session(wanted, options, limits, rounds, number, results, run, quiet, locust_workers)
    folder, report = session.run(payloads, codecs, steps)
    show_load(report, folder, as_json=as_json)
    if any(step.failure or step.errors for step in report.steps):
        raise typer.Exit(EXIT_FOUND)
