"""``serlab load``: many calls at once, in a closed loop or at a given rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options.common import CodecOption, Kept, PayloadOption, payload_specs, seconds, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving

if TYPE_CHECKING:
    from serlab.records.load import StepSpec

EXIT_FOUND = 1
DEFAULT_PAYLOAD = "vector-1k"
DEFAULT_CODECS = ("json", "orjson", "base64-simd", "tensor-proto", "wire")


@with_groups
def load(
    serving: Serving,
    keep: Kept,
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
) -> None:
    """Put a live instance under load and find throughput, latency, errors, CPU, and where adding load stops paying.

    Exit code 1 means that a step failed, or that some calls did.

    Example: serlab load --payload image --codec orjson,wire --concurrency 1,4,16 --pre-encode
    """
    from serlab.analysis.load import histogram
    from serlab.codecs import registry
    from serlab.lab.live_target import check_names
    from serlab.lab.load import Session, show_load
    from serlab.lab.load_steps import make_steps
    from serlab.measure.load.sweep import check_limits
    from serlab.records.load import StepLimits
    from serlab.records.store import check_writable

    histogram.library()
    payloads = payload_specs(payload) or (() if serving.model else (DEFAULT_PAYLOAD,))
    codecs = split(codec) or tuple(name for name in DEFAULT_CODECS if name in registry.available())
    check_names(payloads, codecs, keep.seed)
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
    check_writable(keep.results)
    session = Session(serving, keep, limits, rounds, locust_workers)
    folder, report = session.run(payloads, codecs, steps)
    show_load(report, folder, as_json=keep.as_json)
    if any(step.failure or step.errors for step in report.steps):
        raise typer.Exit(EXIT_FOUND)
