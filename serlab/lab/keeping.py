"""How what a command finds is kept and shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where results go, the run to add to (None: a new one), the seed, and how findings are shown."""

    results: Path
    run: str | None
    seed: int
    quiet: bool = False
    as_json: bool = False
