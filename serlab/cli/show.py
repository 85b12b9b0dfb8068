"""Prints a run: tables for people, the JSON contract for machines."""

from __future__ import annotations

import sys

from serlab.store import RunFolder


def show_run(folder: RunFolder, *, as_json: bool = False) -> None:
    """Print what a run found to standard output, and where it lies to standard error."""
    data = folder.read()
    if as_json:
        import msgspec

        from serlab.analysis.summary import summarize

        print(msgspec.json.format(msgspec.json.encode(summarize(data)), indent=2).decode())
        return
    from serlab.cli.console import wide_console
    from serlab.report.terminal import print_run

    print_run(data, wide_console())
    print(f"\nresults: {folder.path}", file=sys.stderr)
