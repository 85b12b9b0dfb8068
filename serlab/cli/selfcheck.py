"""``serlab selfcheck``: what differences can this machine tell right now?"""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import (
    BudgetOption,
    CodecOption,
    JsonOption,
    PayloadOption,
    SeedOption,
    exit_if,
    percent,
    seconds,
    split,
)
from serlab.lab.asked import checked_seed

_DEFAULT_BUDGET_S = 160.0


def selfcheck(
    payload: PayloadOption = None,
    codec: CodecOption = None,
    slowdown: Annotated[str, typer.Option(help="The known slowdown to look for.")] = "10%",
    budget: BudgetOption = None,
    seed: SeedOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure every codec against itself and against itself made slower: false alarms, power, and what each case tells.

    Exit code 1 means that a twin was told from its own codec. It takes up to three minutes.

    Example: serlab selfcheck --payload image --codec orjson,wire
    """
    from serlab.errors import EXIT_SIGNALLED
    from serlab.lab.selfcheck import check_itself, show_selfcheck

    found = check_itself(
        split(payload),
        split(codec),
        slowdown=percent(slowdown) or 0.0,
        budget_s=seconds(budget) or _DEFAULT_BUDGET_S,
        seed=checked_seed(seed),
        quiet=quiet,
    )
    show_selfcheck(found, as_json=as_json)
    if found.interrupted:
        raise typer.Exit(EXIT_SIGNALLED + found.interrupted)
    exit_if(found.false_alarms.hits)
