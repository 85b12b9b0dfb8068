"""``serlab report``: a run as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serlab.cli.options.common import ResultsOption, RunArgument
from serlab.records.store import DEFAULT_ROOT


def report(
    run: RunArgument = None,
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="DIR", help="Also write every plot as SVG and PNG to DIR.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", metavar="DIR", help="Copy the run to DIR, small and without this machine's name."),
    ] = None,
    results: ResultsOption = DEFAULT_ROOT,
) -> None:
    """Make report.html in the run's folder: one file that opens offline. Needs no TensorFlow.

    Example: serlab report --open
    """
    from serlab.lab.report_files import read_source, write_plots, write_report
    from serlab.records.store import find_run

    folder = find_run(run, results)
    if reference is not None:
        from serlab.lab.reference_run import copy_run

        folder = copy_run(folder, reference)
    source = read_source(folder)
    page = write_report(folder, source)
    typer.echo(page)
    if plots is not None:
        for path in write_plots(source, plots):
            typer.echo(path)
    if open_page:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            typer.echo("no browser could be started: open the page by hand", err=True)
