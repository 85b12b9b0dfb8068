"""How what a command finds is kept and shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serlab.measure.plan import Client


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where results go, the run to add to (None: a new one), the seed, and how findings are shown.

    ``client`` puts all codecs into one kind of client; None: each in its own.
    """

    results: Path
    run: str | None
    seed: int
    quiet: bool = False
    as_json: bool = False
    client: Client | None = None
