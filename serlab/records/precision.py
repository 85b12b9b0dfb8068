"""What the precision lab finds, as frozen dataclasses; like ``record``, plain data that every layer may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from serlab.records.run import Exactness, Form, Transport

#: Which half of a round trip was looked at. ``both`` is what a client sees.
Leg = Literal["request", "response", "both"]
#: ``offline``: the codec against its own model of a server; ``live``: through a running instance.
Place = Literal["offline", "live"]

LEGS: tuple[Leg, ...] = ("request", "response", "both")

#: Classes of values that any tensor may hold: what is done to them matters more than what is done to the others.
ORDINARY = frozenset({"zero", "normal", "unit", "whole", "decimal", "all", "to 2^24", "ASCII", "UTF-8", "text"})


def is_ordinary(value_class: str) -> bool:
    """Whether a class is of values that any tensor may hold; of several tensors its name follows the tensor's."""
    return value_class.rpartition(": ")[2] in ORDINARY


@dataclass(frozen=True, slots=True)
class Example:
    """One value that did not survive: its bits in hex and as a number, and the same of what came back.

    ``where`` is its index, in the tensor of a user or in the class of values. ``received`` and ``received_bits`` are
    "" for a value that was rejected.
    """

    where: tuple[int, ...]
    sent: str
    sent_bits: str
    received: str = ""
    received_bits: str = ""
    ulp: int = 0


@dataclass(frozen=True, slots=True)
class Alteration:
    """The elements of a class that got one verdict other than ``exact``.

    ``silent``: nothing was raised or warned. ``said`` is the error of a rejection or the text of a warning.
    """

    verdict: str
    elements: int
    silent: bool
    examples: tuple[Example, ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class PrecisionCell:
    """One class of values of one dtype through one leg of one codec.

    ``ulps`` lists (distance, elements) of ``rounded`` elements, nearest first, at most 16 distances. ``unlocated`` of
    the rejected elements were rejected in company and not tried alone. ``seconds`` is the wall time of all ``trips``
    and of comparing what they brought.
    """

    place: Place
    codec: str
    transport: Transport
    dtype: str
    value_class: str
    leg: Leg
    form: Form | None
    exactness: Exactness
    ulps: tuple[tuple[int, int], ...]
    alterations: tuple[Alteration, ...]
    trips: int
    seconds: float
    unlocated: int = 0


@dataclass(frozen=True, slots=True)
class PrecisionReport:
    """Everything one run of the precision lab found, and what it was asked and could not find out.

    ``instance`` has ``kind`` and ``version`` of the live server, empty where all was offline. ``source`` is the user's
    tensor, "" for the catalogue of values; of several tensors a cell's class begins with the tensor's name, and
    ``shape`` is empty. ``missing`` says in words which cells are not there, and why.
    """

    started: str  # ISO 8601, UTC
    seed: int
    samples: int
    cells: tuple[PrecisionCell, ...]
    source: str = ""
    shape: tuple[int, ...] = ()
    instance: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)  # codec -> reason
    missing: tuple[str, ...] = ()
    seconds: float = 0.0
