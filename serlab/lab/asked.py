"""What a user asks for in words, understood: lists, payloads, durations, shares and seeds."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serlab.errors import UsageError

if TYPE_CHECKING:
    from serlab.measure.plan import Client

#: What measures each codec in the kind of client that its user has.
OWN_CLIENT = "own"


#: What is measured where nothing is said.
DEFAULT_PROFILE = "standard"


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run should measure, as far as it was said, or which one to go on with: the newest, or the one named."""

    profile: str | None
    payloads: tuple[str, ...]
    codecs: tuple[str, ...]
    budget_s: float | None
    rounds: int | None
    resolve: float | None
    seed: int | None
    resume: bool
    run: str | None


def kind_of_client(text: str) -> Client | None:
    """Return the kind of client that all codecs are measured in; None where each is in its own.

    Raises:
        UsageError: there is no such kind, or it cannot be had here.
    """
    if text == OWN_CLIENT:
        return None
    if text != "tensorflow":
        raise UsageError(f"--client {text}: choose {OWN_CLIENT} or tensorflow")
    if importlib.util.find_spec("tensorflow") is None:
        raise UsageError("--client tensorflow needs TensorFlow: pip install 'serlab[tensorflow]'")
    return "tensorflow"


def checked_seed(seed: int | None) -> int:
    """Return the seed to use. Raises ``UsageError`` for one that cannot be used."""
    from serlab.payload import checked_seed

    return checked_seed(seed)


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
    if text is None:
        return None
    try:
        value = float(text.removesuffix("%")) / 100
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"{text!r} is no percentage: write 3%")
    return value
