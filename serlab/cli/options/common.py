"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from serlab.cli.options.groups import Group
from serlab.lab.asked import DEFAULT_PROFILE, OWN_CLIENT, Planned, checked_seed, kind_of_client
from serlab.lab.asked import payload_specs as payload_specs
from serlab.lab.asked import percent as percent
from serlab.lab.asked import seconds as seconds
from serlab.lab.asked import split as split
from serlab.lab.keeping import Keeping
from serlab.records.store import DEFAULT_ROOT

#: The command finished, and found something.
EXIT_FOUND = 1

PayloadOption = Annotated[
    list[str] | None,
    typer.Option("--payload", help="Payload: a name, SHAPE:DTYPE, or @FILE.npy; repeat, or separate by commas."),
]
CodecOption = Annotated[
    list[str] | None, typer.Option("--codec", help="Codec; repeat, or separate by commas. Default: all available.")
]
ResultsOption = Annotated[Path, typer.Option("--results", help="Folder of results.", show_default=True)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
WideOption = Annotated[bool, typer.Option("--wide", help="Print every table of the run, not one screen.")]
RunArgument = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="A run: its folder, MACHINE/RUN or RUN. Default: the newest.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of payload values and of the rounds' order.")]
BudgetOption = Annotated[
    str | None, typer.Option("--budget", help="Stop after the last whole round that fits: 90s, 10m, 1h.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on with the newest run that was not finished, or with --run.")
]
RunOption = Annotated[str | None, typer.Option("--run", help="The run to resume.")]
RoundsOption = Annotated[int | None, typer.Option("--rounds", help="At most this many rounds.")]
ClientOption = Annotated[
    str,
    typer.Option("--client", help="own: each codec in a process with what it needs; tensorflow: all with TensorFlow."),
]
NowOption = Annotated[
    str | None,
    typer.Option("--now", help="The codec that you use now, to tell the answer against. Default: json, if measured."),
]


def keeping(
    run: Annotated[str | None, typer.Option("--run", help="Add to this run instead of a new one.")] = None,
    seed: SeedOption = None,
    results: ResultsOption = DEFAULT_ROOT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: JsonOption = False,
    client: ClientOption = OWN_CLIENT,
) -> Keeping:
    """Return where what is found is kept, and how it is shown.

    Raises:
        UsageError: a seed or a kind of client that cannot be had.
    """
    return Keeping(results, run, checked_seed(seed), quiet, as_json, kind_of_client(client))


#: How a run is kept, for a command that may add to one.
Kept = Annotated[Keeping, Group(keeping)]


def kept(*leave_out: str) -> Any:
    """Return the group without some of its options, for a command that has its own."""
    return Group(keeping, leave_out=leave_out)


def planning(
    profile: Annotated[
        str | None, typer.Option("--profile", help=f"smoke, standard or full. Default: {DEFAULT_PROFILE}.")
    ] = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    budget: BudgetOption = None,
    rounds: RoundsOption = None,
    resolve: Annotated[
        str | None, typer.Option("--resolve", help="Stop when every case tells this difference from none: 3%.")
    ] = None,
    seed: SeedOption = None,
    resume: ResumeOption = False,
    run: RunOption = None,
) -> Planned:
    """Return what is to be measured. Raises ``UsageError`` for words that do not parse."""
    given, named = payload_specs(payload), split(codec)
    return Planned(profile, given, named, seconds(budget), rounds, percent(resolve), seed, resume, run)


#: A run's plan, for a command that measures or resumes a whole run.
Plans = Annotated[Planned, Group(planning)]


def exit_if(found: object) -> None:
    """End with exit code 1 where something was ``found``."""
    if found:
        raise typer.Exit(EXIT_FOUND)
