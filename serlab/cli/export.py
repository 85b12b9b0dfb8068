"""``serlab export``: a run for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serlab.cli.options.common import ResultsOption, RunArgument
from serlab.records.store import DEFAULT_ROOT


def export(
    run: RunArgument = None,
    csv: Annotated[bool, typer.Option("--csv", help="CSV, the default.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="A Markdown table.")] = False,
    what: Annotated[str, typer.Option(help="cases (with intervals), samples or calls (every single one).")] = "cases",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file. Default: standard output.")] = None,
    results: ResultsOption = DEFAULT_ROOT,
) -> None:
    """Print a run as a table for other programs: medians and intervals per case and call, or every sample.

    Example: serlab export --what samples --output samples.csv
    """
    from serlab.analysis.export import WHAT, rows
    from serlab.errors import UnknownNameError, UsageError
    from serlab.records.files import replace_file
    from serlab.records.store import find_run
    from serlab.report.tables.export import as_csv, as_markdown

    if what not in WHAT:
        raise UnknownNameError("export", what, WHAT)
    if csv and markdown:
        raise UsageError("--csv and --markdown exclude each other")
    found = rows(find_run(run, results).read(), what)
    text = as_markdown(found) if markdown else as_csv(found)
    if output is None:
        typer.echo(text, nl=False)
    else:
        typer.echo(replace_file(output, text.encode()))
