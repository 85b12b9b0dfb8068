"""Reads a folder of results as a history."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from serlab.analysis.history import History, series, steps
from serlab.analysis.view import RunView
from serlab.errors import StoreError
from serlab.records.store import list_runs


def read_history(results: Path, payloads: Sequence[str] = (), codecs: Sequence[str] = ()) -> History:
    """Return the history of the benchmarks in ``results``; a run that cannot be read is named and passed over.

    Raises:
        StoreError: there is no run with times of what was asked for.
    """
    views = []
    for folder in list_runs(results):
        try:
            data = folder.read()
        except StoreError as error:
            print(f"passed over: {error}", file=sys.stderr)
            continue
        if data.runs:
            views.append(RunView(data))
    found = {
        case: points
        for case, points in series(views).items()
        if (not payloads or case.payload in payloads) and (not codecs or case.codec in codecs)
    }
    if not found:
        raise StoreError(f"no run in {results} has times of what was asked for: measure one with serlab time")
    return History(found, steps(found))
