"""``serlab report``: a run as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serlab.cli.options.common import NowOption, ResultsOption
from serlab.records.store import DEFAULT_ROOT


def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN] [HEAD]",
            help="A run: its folder, MACHINE/RUN or RUN; default: the newest. Two: side by side.",
        ),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="DIR", help="Also write every plot as SVG and PNG to DIR.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", metavar="DIR", help="Copy the run to DIR, small and without this machine's name."),
    ] = None,
    publish: Annotated[
        Path | None,
        typer.Option("--publish", metavar="DIR", help="Write a page of several runs, or of summary files, to DIR."),
    ] = None,
    now: NowOption = None,
    results: ResultsOption = DEFAULT_ROOT,
) -> None:
    """Make report.html in the run's folder: one file that opens offline. Needs no TensorFlow.

    With two runs the page holds them side by side. With --publish it is a page of all RUNs, by default of every
    benchmark in --results; they may be files of serlab summary --json from other machines.

    Example: serlab report --open
    """
    if publish is not None or len(runs or ()) > 1:
        page = _several(runs or [], publish, results, further=plots is not None or reference is not None)
        if open_page:
            _open(page)
        return
    from serlab.lab.report_files import read_source, write_plots, write_report
    from serlab.records.store import find_run

    folder = find_run(runs[0] if runs else None, results)
    if reference is not None:
        from serlab.lab.reference_run import copy_run

        folder = copy_run(folder, reference)
    source = read_source(folder, now=now or "")
    page = write_report(folder, source)
    typer.echo(page)
    if plots is not None:
        for path in write_plots(source, plots):
            typer.echo(path)
    if open_page:
        _open(page)


def _several(runs: list[str], publish: Path | None, results: Path, *, further: bool) -> Path:
    from serlab.errors import UsageError
    from serlab.lab import publish as lab

    if further:
        raise UsageError("--plots and --reference are of one run: leave them out")
    if publish is None and len(runs) > 2:
        raise UsageError(f"{len(runs)} runs do not stand side by side: give two, or write a page of all with --publish")
    written = [lab.side_by_side(runs[0], runs[1], results)] if publish is None else lab.publish(runs, results, publish)
    for path in written:
        typer.echo(path)
    return written[0]


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        typer.echo("no browser could be started: open the page by hand", err=True)
