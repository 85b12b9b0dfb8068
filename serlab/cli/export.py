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

    There is no Parquet: pandas, polars and DuckDB read the CSV and write it as Parquet, and a writer of serlab's own
    would cost an installation 40 MB (pyarrow) for tables of some megabytes.

    Example: serlab export --what samples --output samples.csv
    """
    from serlab.errors import UsageError
    from serlab.lab.export import export_run

    if csv and markdown:
        raise UsageError("--csv and --markdown exclude each other")
    found = export_run(run, results, what, output, as_markdown=markdown)
    typer.echo(found, nl=output is not None)
