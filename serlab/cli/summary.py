"""``serlab summary``: what a run found, again."""

from __future__ import annotations


import typer

from serlab.cli.options import JsonOption, ResultsOption, RunArgument
from serlab.store import DEFAULT_ROOT


def summary(run: RunArgument = None, as_json: JsonOption = False, results: ResultsOption = DEFAULT_ROOT) -> None:
    """Print what a run found: times, memory, bytes, exactness, calls, correlation. Needs no TensorFlow.

    Example: serlab summary --json
    """
    from serlab.store import find_run

    data = find_run(run, results).read()
    if as_json:
        import msgspec

        from serlab.analysis.summary import summarize

        typer.echo(msgspec.json.format(msgspec.json.encode(summarize(data)), indent=2))
        return
    from serlab.cli.console import wide_console
    from serlab.report.terminal import print_run

    print_run(data, wide_console())
