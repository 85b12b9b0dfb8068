"""``serlab load``: many calls at once, in a closed loop or at a given rate."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import CodecOption, Kept, PayloadOption, exit_if, payload_specs, seconds, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving


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
    rounds: Annotated[int, typer.Option(min=1, help="Times that every step is taken, in shuffled order.")] = 6,
    warmup: Annotated[str, typer.Option(help="Warm-up of a step.")] = "0.5s",
    window: Annotated[str, typer.Option(help="Window of a step; it ends when three windows agree.")] = "0.5s",
    windows: Annotated[
        int, typer.Option(min=1, help="At most this many windows per step, twice until a call is answered.")
    ] = 10,
    locust_workers: Annotated[
        int, typer.Option(min=0, help="Let Locust make the load, with this many worker processes.")
    ] = 0,
) -> None:
    """Put a live instance under load and find throughput, latency, errors, CPU, and where adding load stops paying.

    Exit code 1 means that a step failed, or that some calls did.

    Example: serlab load --payload image --codec orjson,wire --concurrency 1,4,16 --pre-encode
    """
    from functools import partial

    from serlab.lab.load import Session, make_steps, show_load, step_limits

    steps = partial(
        make_steps,
        concurrency=concurrency,
        rates=rate,
        arrivals=arrivals,
        connections=connections,
        processes=processes,
        pre_encode=pre_encode,
    )
    limits = step_limits(seconds(warmup) or 0.0, seconds(window) or 0.0, windows)
    folder, report, left_out = Session(serving, keep, limits, rounds, locust_workers).run(
        payload_specs(payload), split(codec), steps
    )
    show_load(report, folder, as_json=keep.as_json)
    exit_if(left_out or any(step.failure or step.errors for step in report.steps))
