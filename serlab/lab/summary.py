"""Prints what a run found, for ``summary`` and for the commands that have just measured one."""

from __future__ import annotations

import sys

from serlab.errors import StoreError
from serlab.records.precision import PrecisionReport
from serlab.records.store import RunFolder


def show_run(folder: RunFolder, *, wide: bool = False, as_json: bool = False, now: str = "") -> None:
    """Print what a run found to standard output, and where it lies to standard error; told against ``now``.

    Raises:
        UsageError: the run did not measure that codec.
    """
    from serlab.records.endtoend import REST_CLIENTS as CLIENTS
    from serlab.records.endtoend import RestClientRun
    from serlab.records.prediction import read_predictions
    from serlab.records.send_less import PART, SendLess
    from serlab.report.tables.console import print_json, wide_console

    data, predictions = folder.read(), read_predictions(folder)
    sent = folder.read_part(PART, tuple[SendLess, ...], ())
    clients = folder.read_part(CLIENTS, tuple[RestClientRun, ...], ())
    if as_json:
        from serlab.analysis.representation import rows
        from serlab.analysis.rest_clients import rows as client_rows
        from serlab.analysis.summary import summarize

        less = [{"payload": one.payload, "model": one.model, "ways": rows(one)} for one in sent]
        libraries = {CLIENTS: client_rows(clients)} if clients else {}
        print_json({**summarize(data, predictions), PART: less, **libraries})
        return
    if wide:
        from serlab.report.tables.run import print_run

        print_run(data, wide_console(), predictions)
    else:
        from serlab.report.source import Source
        from serlab.report.tables.run_screen import print_screen

        found = {"predictions": predictions, "precision": _precision(folder)}
        parts = {name: part for name, part in found.items() if part}
        print_screen(Source(data, folder.path, parts, now=now), wide_console())
    from serlab.report.tables.send_less import print_rest_clients, print_send_less

    print_rest_clients(clients, wide_console())
    print_send_less(sent, wide_console())
    print(f"\nresults: {folder.path}", file=sys.stderr)


def _precision(folder: RunFolder) -> PrecisionReport | None:
    """Return what the precision lab found; a part that cannot be read keeps nobody from the rest."""
    try:
        return folder.read_part("precision", PrecisionReport, None)
    except StoreError:
        return None
