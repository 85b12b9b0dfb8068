"""What was asked of ``serlab advise``, and the advice: the same for tables, machines and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from serlab.analysis.advise import Change, Optimise, Ranking, Way
from serlab.analysis.laws.link import Link


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants to know. ``client`` is what their process has imported; ``own``: what each codec needs.

    ``representations`` are the only ones to weigh; without them, the tensor itself, and what ``needs`` allows.
    """

    seed: int
    payloads: tuple[str, ...] = ()
    needs: str = "exact"
    transport: str = "any"
    client: str = "own"
    link: Link | None = None
    optimise: Optimise = "latency"
    now: str = ""
    representations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """The ranking and what it rests on.

    ``where`` names the instance that was called, or the law. ``changes`` are the sizes from which on another codec is
    predicted to be the best. ``graphs`` are what the model lacks, by representation: the code to add. ``program`` is
    the code to put in for the first choice. ``missing`` are the ways whose calls failed, each with the first error, and
    ``not_checked`` is what the advice ends with.
    """

    payload: str
    model: str
    basis: Literal["measured", "laws"]
    where: str
    asked: Asked
    ranking: Ranking
    ways: tuple[Way, ...]
    changes: tuple[Change, ...] = ()
    changes_by: str = ""
    graphs: Mapping[str, str] = field(default_factory=dict)
    program: str = ""
    remarks: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
