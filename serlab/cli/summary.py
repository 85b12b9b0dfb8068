"""``serlab summary``: what a run found, again."""

from __future__ import annotations

from serlab.cli.options.common import JsonOption, NowOption, ResultsOption, RunArgument, WideOption
from serlab.records.store import DEFAULT_ROOT


def summary(
    run: RunArgument = None,
    wide: WideOption = False,
    now: NowOption = None,
    as_json: JsonOption = False,
    results: ResultsOption = DEFAULT_ROOT,
) -> None:
    """Print what a run found: the answer on one screen, everything with --wide. Needs no TensorFlow.

    Example: serlab summary --wide
    """
    from serlab.lab.summary import show_run
    from serlab.records.store import find_run

    show_run(find_run(run, results), wide=wide, as_json=as_json, now=now or "")
