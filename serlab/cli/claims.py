"""``serlab claims``: what people repeat about gRPC, HTTP and JSON, put to the test on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from serlab.cli.options.common import ResumeOption, RunOption, exit_if, kept, split
from serlab.cli.options.groups import Group, with_groups
from serlab.cli.options.serving import serving_options
from serlab.lab.keeping import Keeping
from serlab.serving.base import ServingOptions

#: A call of the slowest codec with the largest payload takes seconds on a small machine.
TIMEOUT_S = 30.0


@with_groups
def claims(
    serving: Annotated[ServingOptions, Group(serving_options, leave_out=("signature", "batch"), timeout=TIMEOUT_S)],
    keep: Annotated[Keeping, kept("run", "client")],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID,...", help="Claims; repeat, or separate by commas.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few seconds per claim; no p99.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Only what needs no server.")] = False,
    of_run: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="Measure nothing: judge the evidence of this run again.")
    ] = None,
    resume: ResumeOption = False,
    run: RunOption = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
) -> None:
    """Re-measure well-known statements on serving over gRPC and HTTP; print claimed value, measured value, verdict.

    Verdicts: reproduced, not reproduced, inconsistent (with itself or arithmetic), not testable here. The evidence goes
    into the run's folder. Exit code 1 means that an experiment failed, or some of its calls did: the same command with
    --resume measures those again, and what a run that was stopped had not come to.

    Example: serlab claims --quick --only resnet-p50,size-json
    """
    from serlab.lab.claims import judge_run, put_claims, run_to_resume, show_claims

    if of_run is not None:
        folder, report = judge_run(of_run, keep.results)
    else:
        if resume or run:
            keep = replace(keep, run=run_to_resume(run, keep.results))
        folder, report = put_claims(split(only), None if offline else serving, keep, quick=quick)
    show_claims(report, folder.read_info(), markdown=markdown, as_json=keep.as_json)
    if of_run is None:
        typer.echo(f"Written to {folder.path}", err=True)
    for words in report.missing:
        typer.echo(f"missing: {words}", err=True)
    exit_if(report.missing)
