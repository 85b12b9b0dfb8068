"""``serlab time``: the isolated times alone, in interleaved rounds."""

from __future__ import annotations

from typing import Annotated

from serlab.cli.options.common import Plans, WideOption, exit_if, kept
from serlab.cli.options.groups import with_groups
from serlab.lab.keeping import Keeping


@with_groups
def time(keep: Annotated[Keeping, kept("run", "seed")], asked: Plans, wide: WideOption = False) -> None:
    """Time encode and decode: short fresh processes in random order, forked from new parents in every round.

    The times are pyperf suites: python -m pyperf show results/MACHINE/RUN/time/encode.json

    Example: serlab time --payload image --codec json,orjson --budget 2m
    """
    from serlab.lab.bench import measure, new_run, planned
    from serlab.lab.summary import show_run

    folder, plan = planned(asked, keep, ("time",))
    folder = folder or new_run(keep.results, plan)
    info = measure(folder, plan, quiet=keep.quiet)
    show_run(folder, wide=wide, as_json=keep.as_json)
    exit_if(info.missing)
