"""``serlab precision``: which values survive each codec, and where the others are altered."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import CodecOption, exit_if, kept, split
from serlab.cli.options.groups import Group, with_groups
from serlab.cli.options.serving import serving_options
from serlab.lab.keeping import Keeping
from serlab.serving.base import ServingOptions

#: The largest sweeps are answered in seconds.
TIMEOUT_S = 60.0


@with_groups
def precision(
    serving: Annotated[ServingOptions, Group(serving_options, leave_out=("signature", "batch"), timeout=TIMEOUT_S)],
    keep: Annotated[Keeping, kept("client")],
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
    from serlab.lab.precision import examine_values, show_precision

    report, folder, failed = examine_values(
        split(codec), split(dtype), samples, values, None if offline else serving, keep, fail_on
    )
    show_precision(report, failed, as_json=keep.as_json, everything=everything, examples=examples)
    for word, elements in failed.items():
        typer.echo(f"--fail-on {word}: {elements:,} values", err=True)
    typer.echo(f"Written to {folder.path / 'precision.json'}", err=True)
    exit_if(failed or report.missing)
