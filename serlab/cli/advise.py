"""``serlab advise``: what to send, how, what it gains, and the code to put in."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import (
    JsonOption,
    PayloadOption,
    ResultsOption,
    SeedOption,
    exit_if,
    payload_specs,
    split,
)
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving
from serlab.records.store import DEFAULT_ROOT


@with_groups
def advise(
    serving: Serving,
    payload: PayloadOption = None,
    needs: Annotated[
        str, typer.Option(help="exact; the largest change that is allowed, as 1e-3; or top1: the same first class.")
    ] = "exact",
    transport: Annotated[str, typer.Option(help="any, rest or grpc.")] = "any",
    client: Annotated[
        str, typer.Option(help="light: no TensorFlow; tensorflow: it is imported anyway; own: what each codec needs.")
    ] = "own",
    link: Annotated[str, typer.Option(help="The network between: rate and round trip, as 100Mbit,20ms.")] = "",
    optimise: Annotated[str, typer.Option(help="latency, throughput, memory or bytes.")] = "latency",
    now: Annotated[str, typer.Option(help="The codec that you use now.")] = "",
    send_as: Annotated[
        list[str] | None, typer.Option("--as", help="Weigh only these representations: as-is, uint8, jpeg:90, …")
    ] = None,
    from_laws: Annotated[bool, typer.Option("--from-laws", help="Measure no call: predict from stored laws.")] = False,
    law: Annotated[str, typer.Option(help="The server's law to predict by (serlab law show).")] = "",
    code: Annotated[bool, typer.Option("--code/--no-code", help="Print the program for the first choice.")] = True,
    seed: SeedOption = None,
    results: ResultsOption = DEFAULT_ROOT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what to send, how, and what that gains, for a payload or for your own model; with the code to put in.

    A short measurement, or with --from-laws a prediction. It ends with what was not checked. Exit code 1 means that
    calls of some way failed.

    Example: serlab advise --payload image
    Example: serlab advise --serving localhost:8500:8501 --model mine --needs 1e-3 --now json
    """
    from serlab.lab.advice import asked_for, give
    from serlab.lab.progress import ProgressShow
    from serlab.report.tables.advise import print_advice
    from serlab.report.tables.console import print_json, wide_console

    asked = asked_for(payload_specs(payload), needs, transport, client, link, optimise, now, split(send_as), seed)
    with ProgressShow(quiet=quiet) as show:
        found = give(serving, asked, show, results=results, from_laws=from_laws, law=law)
    if as_json:
        print_json(found)
    else:
        print_advice(found, wide_console(), with_code=code)
    exit_if(found.missing)
