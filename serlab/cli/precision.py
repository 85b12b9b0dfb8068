"""``serlab precision``: which values survive each codec, and where the others are altered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options.common import CodecOption, Kept, split
from serlab.cli.options.groups import Group, with_groups
from serlab.cli.options.serving import serving_options
from serlab.serving.base import ServingOptions

if TYPE_CHECKING:
    from serlab.records.precision import PrecisionReport

EXIT_FOUND = 1
#: The largest sweeps are answered in seconds.
TIMEOUT_S = 60.0


@with_groups
def precision(
    serving: Annotated[ServingOptions, Group(serving_options, leave_out=("signature", "batch"), timeout=TIMEOUT_S)],
    keep: Kept,
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
    fail_on: Annotated[
        str, typer.Option("--fail-on", help="Exit with 1 on any of these verdicts: rounded,flushed,silent, ...")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Print every class of values with examples, not one screen.")
    ] = False,
    examples: Annotated[int, typer.Option("--examples", min=0, max=3, help="Examples per altered class.")] = 3,
    offline: Annotated[
        bool, typer.Option("--offline", help="No server: each codec against its own model of one.")
    ] = False,
) -> None:
    """Find out which values come back with the same bits, what becomes of the others, and where.

    Exit code 1 means that --fail-on found something, or that the server went away; what was found is kept.

    Example: serlab precision --dtype float64 --codec orjson,base64 --fail-on rounded
    """
    from serlab.analysis.precision_findings import parse_words, unwanted
    from serlab.lab.precision import examine, make_plan, open_run
    from serlab.lab.progress import ProgressShow

    words = parse_words(fail_on)
    plan = make_plan(split(codec), split(dtype), samples=samples, seed=keep.seed, values=values)
    with ProgressShow(quiet=keep.quiet) as show:
        report, folder = examine(plan, None if offline else serving, lambda: open_run(keep, plan), show)
    failed = unwanted(report, words)
    if keep.as_json:
        _print_json(report, failed)
    else:
        from serlab.report.tables.console import wide_console
        from serlab.report.tables.precision import render
        from serlab.report.tables.precision_screen import render_screen

        if everything:
            render(report, wide_console(), examples=examples)
        else:
            render_screen(report, wide_console())
    for word, elements in failed.items():
        typer.echo(f"--fail-on {word}: {elements:,} values", err=True)
    typer.echo(f"Written to {folder.path / 'precision.json'}", err=True)
    if failed or report.missing:
        raise typer.Exit(EXIT_FOUND)


def _print_json(report: PrecisionReport, failed: dict[str, int]) -> None:
    from serlab.analysis.precision_findings import findings
    from serlab.report.tables.console import print_json
    from serlab.report.tables.precision import statement

    said = [{"statement": statement(finding, report), "finding": finding} for finding in findings(report)]
    print_json({"report": report, "findings": said, "failed_on": failed})
