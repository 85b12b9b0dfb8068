"""``serlab batching``: what batching on the server does to throughput and latency, and which setting to use."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import Kept, exit_if, seconds, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving


@with_groups
def batching(
    serving: Serving,
    keep: Kept,
    by: Annotated[
        str, typer.Option("--by", help="graph (any server), or server: TensorFlow Serving's own (binary, docker).")
    ] = "graph",
    size: Annotated[
        list[str] | None, typer.Option("--max-batch-size", help="Sizes; repeat, or separate by commas. Default: all.")
    ] = None,
    timeout_micros: Annotated[
        list[str] | None, typer.Option("--batch-timeout-micros", help="Timeouts, likewise.")
    ] = None,
    codec: Annotated[str, typer.Option("--codec", help="The codec of all calls.")] = "wire",
    concurrency: Annotated[int, typer.Option(min=1, help="Calls in flight, a row each.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, help="Times that every setting is taken, in shuffled order.")] = 6,
    window: Annotated[str, typer.Option(help="Window of a step; it ends when three windows agree.")] = "0.5s",
) -> None:
    """Sweep max_batch_size and batch_timeout_micros with the lab's own model, and recommend a setting.

    Example: serlab batching --max-batch-size 4,8,16 --batch-timeout-micros 2000 --concurrency 16
    """
    from serlab.lab.batching import choose_settings, show_sweep, sweep_settings

    settings = choose_settings(split(size), split(timeout_micros), by=by)
    folder, report = sweep_settings(
        serving,
        settings,
        keep,
        by=by,
        codec=codec,
        concurrency=concurrency,
        rounds=rounds,
        window_s=seconds(window) or 1.0,
    )
    show_sweep(folder, report, as_json=keep.as_json)
    exit_if(any(entry.step.failure or entry.step.errors for entry in report.steps))
