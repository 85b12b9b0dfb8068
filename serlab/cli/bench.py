"""``serlab bench``: the whole lab, end to end."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options import (
    BudgetOption,
    CodecOption,
    PayloadOption,
    QuietOption,
    ResultsOption,
    ResumeOption,
    SeedOption,
    seconds,
    split,
)
from serlab.store import DEFAULT_ROOT


def bench(
    profile: Annotated[str, typer.Option(help="smoke, standard or full.")] = "standard",
    payload: PayloadOption = None,
    codec: CodecOption = None,
    budget: BudgetOption = None,
    rounds: Annotated[int | None, typer.Option(help="At most this many rounds.")] = None,
    seed: SeedOption = None,
    flamegraphs: Annotated[
        str, typer.Option(help="all, none, a payload, or a case such as encode/image/json.")
    ] = "image",
    resume: ResumeOption = False,
    run: Annotated[str | None, typer.Option("--run", help="The run to resume.")] = None,
    results: ResultsOption = DEFAULT_ROOT,
    quiet: QuietOption = False,
) -> None:
    """Measure time, memory, bytes and exactness of every codec, call a live instance, correlate the two.

    Exit code 1 means that something is missing from the run, which says what.

    Example: serlab bench --payload 8x128:float32 --codec orjson,tensor-proto
    """
    from serlab.cli.console import wide_console
    from serlab.cli.session import make_plan, measure, new_run, resumed_run
    from serlab.measure.bench import Target
    from serlab.record import Endpoint
    from serlab.report.terminal import print_run
    from serlab.servable import ensure_echo
    from serlab.serving.embedded import start_embedded
    from serlab.transports.base import TransportOptions

    if resume or run:
        folder, plan = resumed_run(results, run)
    else:
        plan = make_plan(
            profile,
            split(payload),
            split(codec),
            seed=seed,
            budget_s=seconds(budget),
            rounds=rounds,
            flamegraphs=flamegraphs,
        )
        folder = new_run(results, plan)
    with start_embedded(model_name="echo", model_base_path=ensure_echo()) as server:
        endpoint = Endpoint(
            "embedded", server.version, f"127.0.0.1:{server.grpc_port}", f"127.0.0.1:{server.rest_port}", server.pid
        )
        info = measure(
            folder,
            plan,
            target=Target(endpoint, TransportOptions()),
            instance={"kind": "embedded", "version": server.version},
            quiet=quiet,
        )
    print_run(folder.read(), wide_console())
    if info.missing:
        raise typer.Exit(1)
