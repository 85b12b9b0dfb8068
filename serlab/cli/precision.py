"""``serlab precision``: which values survive each codec, and where the others are altered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options import CodecOption, JsonOption, QuietOption, ResultsOption, SeedOption, split

if TYPE_CHECKING:
    from serlab.record_precision import PrecisionReport

EXIT_FOUND = 1
#: Tables need room; where nobody's terminal limits it, this is what they get.
PLAIN_WIDTH = 160


def precision(
    codec: CodecOption = None,
    dtype: Annotated[
        list[str] | None, typer.Option("--dtype", help="Dtype; repeat, or separate by commas. Default: all.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", help="Values per random sweep of a wide float.")] = 100_000,
    values: Annotated[
        str | None,
        typer.Option(
            "--values", metavar="@FILE.npy", help="Your own tensor (or any payload) instead of the catalogue."
        ),
    ] = None,
    serving: Annotated[
        str, typer.Option("--serving", help="Live server: embedded, binary, docker, or HOST:GRPC_PORT:REST_PORT.")
    ] = "embedded",
    offline: Annotated[
        bool, typer.Option("--offline", help="No server: each codec against its own model of one.")
    ] = False,
    model: Annotated[str, typer.Option("--model", help="Name of the lab's echo servable on a running server.")] = "",
    serving_binary: Annotated[str, typer.Option("--serving-binary", help="Path of tensorflow_model_server.")] = "",
    serving_image: Annotated[str, typer.Option("--serving-image", help="Docker image of the server.")] = "",
    tls: Annotated[bool, typer.Option("--tls", help="The running server speaks TLS.")] = False,
    ca: Annotated[str, typer.Option("--ca", help="PEM file of the authority to trust.")] = "",
    fail_on: Annotated[
        str, typer.Option("--fail-on", help="Exit with 1 on any of these verdicts: rounded,flushed,silent, ...")
    ] = "",
    examples: Annotated[int, typer.Option("--examples", min=0, max=3, help="Examples per altered class.")] = 3,
    run: Annotated[str | None, typer.Option("--run", help="Add the findings to this run instead of a new one.")] = None,
    results: ResultsOption = Path("results"),
    seed: SeedOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find out which values come back with the same bits, what becomes of the others, and where.

    Example: serlab precision --dtype float64 --codec orjson,base64 --fail-on rounded
    """
    from serlab.analysis.precision_findings import parse_words, unwanted
    from serlab.cli.precision_session import examine, make_plan, open_run
    from serlab.cli.progress import ProgressShow
    from serlab.serving.base import ServingOptions

    words = parse_words(fail_on)
    plan = make_plan(split(codec), split(dtype), samples=samples, seed=seed, values=values)
    options = ServingOptions(serving, binary=serving_binary, image=serving_image, model=model, tls=tls, ca=ca)
    with ProgressShow(quiet=quiet) as show:
        report, folder = examine(plan, None if offline else options, lambda: open_run(run, results, plan), show)
    failed = unwanted(report, words)
    if as_json:
        _print_json(report, failed)
    else:
        _print_tables(report, examples)
    for word, elements in failed.items():
        typer.echo(f"--fail-on {word}: {elements:,} values", err=True)
    typer.echo(f"Written to {folder.path / 'precision.json'}", err=True)
    if failed or report.missing:
        raise typer.Exit(EXIT_FOUND)


def _print_json(report: PrecisionReport, failed: dict[str, int]) -> None:
    import msgspec

    from serlab.analysis.precision_findings import findings
    from serlab.report.precision import statement

    said = [{"statement": statement(finding, report), "finding": finding} for finding in findings(report)]
    sys.stdout.write(msgspec.json.encode({"report": report, "findings": said, "failed_on": failed}).decode() + "\n")


def _print_tables(report: PrecisionReport, examples: int) -> None:
    from rich.console import Console

    from serlab.report.precision import render

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    render(report, console, examples=examples)
