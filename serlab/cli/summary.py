"""``serlab summary``: what a run found, again."""

from __future__ import annotations

import sys

from serlab.cli.options.common import JsonOption, ResultsOption, RunArgument
from serlab.records.store import DEFAULT_ROOT, RunFolder


def summary(run: RunArgument = None, as_json: JsonOption = False, results: ResultsOption = DEFAULT_ROOT) -> None:
    """Print what a run found: times, memory, bytes, exactness, calls, correlation. Needs no TensorFlow.

    Example: serlab summary --json
    """
    from serlab.records.store import find_run

    show_run(find_run(run, results), as_json=as_json)


def show_run(folder: RunFolder, *, as_json: bool = False) -> None:
    """Print what a run found to standard output, and where it lies to standard error."""
    from serlab.records.prediction import read_predictions
    from serlab.records.send_less import PART, SendLess
    from serlab.report.tables.console import print_json, wide_console

    data, predictions = folder.read(), read_predictions(folder)
    sent = folder.read_part(PART, tuple[SendLess, ...], ())
    if as_json:
        from serlab.analysis.representation import rows
        from serlab.analysis.summary import summarize

        less = [{"payload": one.payload, "model": one.model, "ways": rows(one)} for one in sent]
        print_json({**summarize(data, predictions), PART: less})
        return
    from serlab.report.tables.run import print_run
    from serlab.report.tables.send_less import print_send_less

    print_run(data, wide_console(), predictions)
    print_send_less(sent, wide_console())
    print(f"\nresults: {folder.path}", file=sys.stderr)
