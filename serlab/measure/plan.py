"""What a run will measure: chosen on the command line, kept in run.json, read again by ``--resume``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import msgspec

from serlab.errors import StoreError
from serlab.measure import profiles
from serlab.measure.profiles import Profile
from serlab.payload import DEFAULT_SEED
from serlab.record import Case

Part = Literal["time", "memory", "endtoend"]
PARTS: tuple[Part, ...] = ("time", "memory", "endtoend")

#: The payload whose cases get flamegraphs unless told otherwise: each page is 4.6 MB.
FLAMEGRAPH_PAYLOAD = "image"


@dataclass(frozen=True, slots=True)
class Plan:
    """Profile, payloads, codecs and parts of a run. ``flamegraphs`` is "image", "all", "none" or a case id."""

    profile: str
    payloads: tuple[str, ...]
    codecs: tuple[str, ...]
    parts: tuple[Part, ...] = PARTS
    memory_only: tuple[str, ...] = ()
    seed: int = DEFAULT_SEED
    budget_s: float | None = None
    max_rounds: int | None = None
    flamegraphs: str = FLAMEGRAPH_PAYLOAD

    @property
    def limits(self) -> Profile:
        """The profile that sets durations and rounds."""
        return profiles.get(self.profile)

    @property
    def budget(self) -> float:
        """Seconds that the whole run may take."""
        return self.limits.budget_s if self.budget_s is None else self.budget_s

    @property
    def rounds(self) -> range:
        """Numbers of the rounds that may be taken."""
        return range(self.limits.max_rounds if self.max_rounds is None else self.max_rounds)

    @property
    def min_rounds(self) -> int:
        """Rounds that are taken whatever the budget, unless it was given by hand."""
        least = 1 if self.budget_s is not None else self.limits.min_rounds
        return min(least, len(self.rounds))

    def wants_flamegraph(self, case: Case) -> bool:
        """Whether the run draws a flamegraph of this case at once."""
        if self.flamegraphs in ("all", "none"):
            return self.flamegraphs == "all"
        return self.flamegraphs in (case.payload, case.id)

    def as_record(self) -> dict[str, Any]:
        """Return JSON types that ``from_record`` reads."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Plan:
        """Return the plan a run was started with.

        Raises:
            StoreError: it is not a plan that this serlab knows.
        """
        try:
            return msgspec.convert(record, cls)
        except msgspec.ValidationError as error:
            raise StoreError(f"the run holds no plan that can be resumed: {error}") from error
