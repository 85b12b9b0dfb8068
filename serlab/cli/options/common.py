"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from serlab.cli.options.groups import Group
from serlab.lab.keeping import Keeping
from serlab.records.store import DEFAULT_ROOT

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
DEFAULT_PROFILE = "standard"
ProfileOption = Annotated[
    str | None, typer.Option("--profile", help=f"smoke, standard or full. Default: {DEFAULT_PROFILE}.")
]
BudgetOption = Annotated[
    str | None, typer.Option("--budget", help="Stop after the last whole round that fits: 90s, 10m, 1h.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on with the newest run that was not finished, or with --run.")
]
RunOption = Annotated[str | None, typer.Option("--run", help="The run to resume.")]
ResolveOption = Annotated[
    str | None, typer.Option("--resolve", help="Stop when every case tells this difference from none: 3%.")
]
ClientOption = Annotated[
    str,
    typer.Option("--client", help="own: each codec in a process with what it needs; tensorflow: all with TensorFlow."),
]
RoundsOption = Annotated[int | None, typer.Option("--rounds", help="At most this many rounds.")]


def keeping(
    run: Annotated[str | None, typer.Option("--run", help="Add to this run instead of a new one.")] = None,
    seed: SeedOption = None,
    results: ResultsOption = DEFAULT_ROOT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: JsonOption = False,
) -> Keeping:
    """Return where what is found is kept, and how it is shown. Raises ``UsageError`` for a seed that cannot be used."""
    from serlab.payload import checked_seed

    return Keeping(results, run, checked_seed(seed), quiet, as_json)


#: How a run is kept, for a command that may add to one.
Kept = Annotated[Keeping, Group(keeping)]


def kept(*leave_out: str) -> Any:
    """Return the group without some of its options, for a command that has its own."""
    return Group(keeping, leave_out=leave_out)


def payload_specs(values: list[str] | None) -> tuple[str, ...]:
    """Return the payloads of a repeatable option; named tensors between commas are one payload.

    Raises:
        PayloadError: one of them is empty.
    """
    from serlab.payload import split_specs

    return split_specs(values or ())


def split(values: list[str] | None) -> tuple[str, ...]:
    """Return the items of a repeatable, comma-separated option.

    Raises:
        UsageError: one of them is empty: it would mean all, or nothing.
    """
    from serlab.errors import UsageError

    items: list[str] = []
    for item in (item.strip() for value in values or [] for item in value.split(",")):
        if not item:
            told = ",".join(values or [])
            raise UsageError(f"{told!r} has an empty name in it: leave the option out, or name something")
        if items and ":" in items[-1] and "=" in item and ":" not in item:
            items[-1] += f",{item}"  # a codec's second parameter: orjson-gzip:level=9,format=columnar
        else:
            items.append(item)
    return tuple(items)


def seconds(text: str | None) -> float | None:
    """Return a duration such as ``90s``, ``10m`` or ``1h`` in seconds.

    Raises:
        UsageError: it does not parse, or is not positive.
    """
    from serlab.errors import UsageError

    if text is None:
        return None
    factor = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:], 0.0)
    try:
        value = float(text[:-1] if factor else text) * (factor or 1.0)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"duration {text!r} does not parse: write 90s, 10m or 1h")
    return value


def percent(text: str | None) -> float | None:
    """Return a share such as ``3%`` or ``0.5 %`` as a number: 0.03.

    Raises:
        UsageError: it does not parse, or is not positive.
    """
    from serlab.errors import UsageError

    if text is None:
        return None
    try:
        value = float(text.removesuffix("%")) / 100
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"{text!r} is no percentage: write 3%")
    return value
