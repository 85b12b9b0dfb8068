"""What ``serlab export`` makes: a stored run as a table for other programs."""

from __future__ import annotations

from pathlib import Path

from serlab.analysis.export import WHAT, rows
from serlab.errors import UnknownNameError
from serlab.records.files import replace_file
from serlab.records.store import find_run
from serlab.report.tables.export import as_csv
from serlab.report.tables.export import as_markdown as to_markdown


def export_run(run: str | None, results: Path, what: str, output: Path | None, *, as_markdown: bool) -> str | Path:
    """Return a run's cases, samples or calls as CSV or Markdown; with ``output`` write that, and return the path.

    Raises:
        UnknownNameError: there is no such run, or nothing else called ``what``.
        StoreError: the run cannot be read, or the file not be written.
    """
    if what not in WHAT:
        raise UnknownNameError("export", what, WHAT)
    found = rows(find_run(run, results).read(), what)
    text = to_markdown(found) if as_markdown else as_csv(found)
    return text if output is None else replace_file(output, text.encode())
