"""``serlab time``: the isolated times alone, in interleaved rounds."""

from __future__ import annotations

from typing import Annotated

from serlab.cli.options.common import (
    DEFAULT_PROFILE,
    BudgetOption,
    CodecOption,
    PayloadOption,
    ProfileOption,
    ResolveOption,
    ResumeOption,
    RoundsOption,
    RunOption,
    SeedOption,
    WideOption,
    exit_if,
    kept,
    payload_specs,
    percent,
    seconds,
    split,
)
from serlab.cli.options.groups import with_groups
from serlab.lab.keeping import Keeping


@with_groups
def time(
    keep: Annotated[Keeping, kept("run", "seed")],
    profile: ProfileOption = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    budget: BudgetOption = None,
    rounds: RoundsOption = None,
    resolve: ResolveOption = None,
    seed: SeedOption = None,
    resume: ResumeOption = False,
    run: RunOption = None,
    wide: WideOption = False,
) -> None:
    """Time encode and decode: short fresh processes in random order, forked from new parents in every round.

    The times are pyperf suites: python -m pyperf show results/MACHINE/RUN/time/encode.json

    Example: serlab time --payload image --codec json,orjson --budget 2m
    """
    from serlab.lab.bench import make_plan, measure, new_run, resumed_run
    from serlab.lab.summary import show_run

    if resume or run:
        given = {"--profile": profile, "--budget": budget, "--rounds": rounds, "--seed": seed, "--resolve": resolve}
        names = {"--payload": payload_specs(payload), "--codec": split(codec)}
        folder, plan = resumed_run(keep.results, run, {**given, **names})
    else:
        plan = make_plan(
            profile or DEFAULT_PROFILE,
            payload_specs(payload),
            split(codec),
            parts=("time",),
            seed=seed,
            budget_s=seconds(budget),
            rounds=rounds,
            resolve=percent(resolve),
            client=keep.client,
        )
        folder = new_run(keep.results, plan)
    info = measure(folder, plan, quiet=keep.quiet)
    show_run(folder, wide=wide, as_json=keep.as_json)
    exit_if(info.missing)
