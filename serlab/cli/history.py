"""``serlab history``: results over time, and where they took a step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serlab.cli.options.common import CodecOption, JsonOption, PayloadOption, ResultsOption, exit_if, split
from serlab.records.store import DEFAULT_ROOT


def history(
    payload: PayloadOption = None,
    codec: CodecOption = None,
    page: Annotated[Path | None, typer.Option(help="Also write a page with a table per payload to this file.")] = None,
    results: ResultsOption = DEFAULT_ROOT,
    as_json: JsonOption = False,
) -> None:
    """Show each case's cost over the runs of a folder, as ratios to the floor, and the steps that it took.

    Exit code 1 means that the newest run of a case is slower by a step.

    Example: serlab history --payload image --page history.html
    """
    from serlab.lab.history import read_history
    from serlab.report.tables.console import print_json, wide_console
    from serlab.report.tables.history import as_document, print_history, write_page

    found = read_history(results, split(payload), split(codec))
    if page:
        write_page(found, page)
    if as_json:
        print_json(as_document(found))
    else:
        print_history(found, wide_console())
    exit_if(any(step.change > 0 for step in found.newest_steps()))
