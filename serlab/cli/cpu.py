"""``serlab cpu``: whose CPU time encode and decode take, and how often they copy each byte."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import CodecOption, PayloadOption, RunArgument, exit_if, kept, payload_specs, split
from serlab.cli.options.groups import with_groups
from serlab.lab.keeping import Keeping


@with_groups
def cpu(
    keep: Annotated[Keeping, kept("run", "seed", "client")],
    run: RunArgument = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    duration: Annotated[float, typer.Option("--seconds", min=1.0, help="How long each case runs.")] = 3.0,
) -> None:
    """Profile encode and decode of each codec with scalene, each case in a fresh process, and add it to a run.

    Keeps scalene's JSON and its standalone page per case in the run's folder cpu. Without RUN: the newest run of this
    machine; without --payload: its image. Exit code 1 means that a case could not be profiled.

    Example: serlab cpu --payload image --codec json,orjson
    """
    from serlab.lab.cpu import profile_cases, show_cpu
    from serlab.lab.profiled_run import chosen_codecs, chosen_payloads, run_of_this_machine
    from serlab.lab.progress import ProgressShow

    folder = run_of_this_machine(run, keep.results)
    info = folder.read_info()
    payloads, codecs = chosen_payloads(info, payload_specs(payload)), chosen_codecs(info, split(codec))
    with ProgressShow(quiet=keep.quiet) as show:
        report = profile_cases(folder, payloads, codecs, duration, show)
    show_cpu(folder, report, as_json=keep.as_json)
    exit_if(report.missing)
