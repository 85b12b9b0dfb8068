"""``serlab summary``: what a run found, again."""

from __future__ import annotations

from serlab.cli.options import JsonOption, ResultsOption, RunArgument
from serlab.store import DEFAULT_ROOT


def summary(run: RunArgument = None, as_json: JsonOption = False, results: ResultsOption = DEFAULT_ROOT) -> None:
    """Print what a run found: times, memory, bytes, exactness, calls, correlation. Needs no TensorFlow.

    Example: serlab summary --json
    """
    from serlab.cli.show import show_run
    from serlab.store import find_run

    show_run(find_run(run, results), as_json=as_json)
