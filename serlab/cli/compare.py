"""``serlab compare``: is HEAD slower than BASE, does it take more, does it lose values?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serlab.cli.options.common import (
    BudgetOption,
    CodecOption,
    JsonOption,
    PayloadOption,
    ResultsOption,
    RoundsOption,
    SeedOption,
    exit_if,
    percent,
    seconds,
    split,
)
from serlab.records.store import DEFAULT_ROOT


def compare(
    base: Annotated[str | None, typer.Argument(metavar="[BASE]", help="A stored run.")] = None,
    head: Annotated[str | None, typer.Argument(metavar="[HEAD]", help="Another one.")] = None,
    base_python: Annotated[str, typer.Option(help="BASE's interpreter; it must have serlab.")] = "",
    head_python: Annotated[str, typer.Option(help="HEAD's interpreter.")] = "",
    package: Annotated[
        list[str] | None,
        typer.Option("--with", help="BASE's package, then HEAD's, as pip takes them: orjson==3.11.4, ./mine."),
    ] = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    budget: BudgetOption = None,
    rounds: RoundsOption = None,
    seed: SeedOption = None,
    no_memory: Annotated[bool, typer.Option("--no-memory", help="Do not compare memory.")] = False,
    same_within: Annotated[str, typer.Option(help="An interval within this is the same.")] = "5%",
    fail_slower: Annotated[
        str | None, typer.Option(help="Exit 1 where a case is slower by more than this: 5%.")
    ] = None,
    fail_bytes: Annotated[bool, typer.Option("--fail-bytes", help="Exit 1 where a body is longer.")] = False,
    fail_memory: Annotated[bool, typer.Option("--fail-memory", help="Exit 1 where a call takes more memory.")] = False,
    fail_exactness: Annotated[bool, typer.Option("--fail-exactness", help="Exit 1 where values are lost.")] = False,
    across: Annotated[bool, typer.Option("--across", help="Compare ratios to the floor of unlike runs.")] = False,
    markdown: Annotated[Path | None, typer.Option(help="Also write Markdown for a comment to this file.")] = None,
    results: ResultsOption = DEFAULT_ROOT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare two stored runs, or two environments that are measured side by side, pair by pair.

    Example: serlab compare --with orjson==3.10.18 --with orjson==3.11.4 --codec orjson --fail-slower 5%
    """
    from serlab.errors import EXIT_SIGNALLED, UsageError
    from serlab.lab.compare import Gates, compare_environments, compare_stored, failed, make_wanted, show_comparison

    within = percent(same_within) or 0.0
    gates = Gates(percent(fail_slower), fail_bytes, fail_memory, fail_exactness)
    packages = tuple(package or ())
    live = bool(packages or base_python or head_python)
    if live == bool(base or head) or bool(base) != bool(head):
        raise UsageError("name two stored runs, or say what differs: --with twice, or --base-python and --head-python")
    if live:
        wanted = make_wanted(split(payload), split(codec), seed, rounds, seconds(budget), within, memory=not no_memory)
        _, found = compare_environments((base_python, head_python), packages, wanted, results, quiet=quiet)
    else:
        found = compare_stored(base or "", head or "", results, across=across, same_within=within)
    failures = failed(found, gates)
    show_comparison(found, failures, markdown, as_json=as_json)
    if found.interrupted:
        raise typer.Exit(EXIT_SIGNALLED + found.interrupted)
    exit_if(failures or any(entry.failure for entry in found.cases))
