"""Gives advice: from a short measurement, or from stored laws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

from serlab.analysis.advice import Advice, Asked
from serlab.analysis.advise import OPTIMISE, Optimise, parse_needs
from serlab.analysis.laws.link import parse_link
from serlab.errors import UsageError
from serlab.payload import checked_seed

if TYPE_CHECKING:
    from serlab.measure.process.listener import Listener
    from serlab.serving.base import ServingOptions


def asked_for(
    payloads: tuple[str, ...],
    needs: str = "exact",
    transport: str = "any",
    client: str = "own",
    link: str = "",
    optimise: str = "latency",
    now: str = "",
    representations: tuple[str, ...] = (),
    seed: int | None = None,
) -> Asked:
    """Return what the command line's words ask for.

    Raises:
        UsageError: one of them does not parse.
    """
    found: Optimise | None = next((name for name in OPTIMISE if name == optimise), None)
    if found is None:
        raise UsageError(f"--optimise {optimise}: choose {', '.join(get_args(Optimise))}")
    return Asked(checked_seed(seed), payloads, parse_needs(needs), transport, client,
                 parse_link(link) if link else None, found, now, representations)  # fmt: skip


def give(
    serving: ServingOptions, asked: Asked, show: Listener, *, results: Path, from_laws: bool = False, law: str = ""
) -> Advice:
    """Return the advice. Raises what ``advise.measured`` and ``advise_laws.predicted`` raise."""
    if from_laws:
        from serlab.lab.advise_laws import predicted

        return predicted(serving, asked, results, law)
    from serlab.lab.advise import measured
    from serlab.lab.advise_laws import with_changes

    return with_changes(measured(serving, asked, show), results, law)
