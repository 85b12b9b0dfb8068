"""What a run will measure: chosen on the command line, kept in run.json, read again by ``--resume``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import msgspec

from serlab.analysis.stats import FEWEST
from serlab.errors import StoreError, UnknownNameError
from serlab.payload import DEFAULT_SEED
from serlab.records.run import Case


@dataclass(frozen=True, slots=True)
class Profile:
    """What ``serlab bench --profile`` chooses.

    A run is planned as ``rounds`` rounds with parents of their own, which share ``budget_s``; dear cases have one
    process in each of the first six. Where the budget allows more rounds there are up to ``max_rounds``.
    ``chunk_s`` is how long the calls of one value take together, ``run_s`` the values of one process, ``calls_s`` the
    calls of one end-to-end client. ``resolve`` is the difference, as a share, that time is spent to tell.
    ``memory_only`` payloads are too large to be timed and sent over and over. ``variants`` measures codecs that differ
    in a detail of sending too.
    ``send_as`` are the representations to send in a payload's place.
    """

    name: str
    payloads: tuple[str, ...]
    rounds: int
    budget_s: float
    run_s: float
    calls_s: float
    resolve: float = 0.02
    max_rounds: int = 20
    chunk_s: float = 0.002
    memory_only: tuple[str, ...] = ()
    variants: bool = False
    send_as: tuple[str, ...] = ()


_SMALL = ("vector-1k", "vector-10k", "image", "batch-16")

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("smoke", ("vector-1k", "image"), 6, 100.0, run_s=0.03, calls_s=0.12, max_rounds=6),
        Profile("standard", _SMALL, 9, 585.0, run_s=0.1, calls_s=0.5),
        Profile(
            "full", (*_SMALL, "tokens", "image-u8", "half"), 12, 3600.0, run_s=0.15, calls_s=2.0, resolve=0.01,
            max_rounds=30, memory_only=("batch-100",), variants=True, send_as=("all",),
        ),
    )
}  # fmt: skip


def find_profile(name: str) -> Profile:
    """Return the profile called ``name``.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in PROFILES:
        raise UnknownNameError("profile", name, PROFILES)
    return PROFILES[name]


Client = Literal["light", "tensorflow"]
Part = Literal["time", "memory", "endtoend"]
PARTS: tuple[Part, ...] = ("time", "memory", "endtoend")

#: The payload whose cases get flamegraphs unless told otherwise: each page is 4.6 MB.
FLAMEGRAPH_PAYLOAD = "image"


@dataclass(frozen=True, slots=True)
class LessPlan:
    """What a run sends less of: representations, payloads and codecs; rounds, and seconds of calls per client."""

    representations: tuple[str, ...]
    payloads: tuple[str, ...]
    codecs: tuple[str, ...]
    rounds: int
    calls_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Profile, payloads, codecs and parts of a run. ``flamegraphs`` is "image", "all", "none" or a case id.

    ``resolve`` ends the run as soon as every case tells this difference, as a share, from none. ``client`` measures all
    codecs in one kind of client; None: each in the kind that its user has.
    ``expect`` names a file of the tensors that the model answers, "" where none are known.
    ``now`` is the codec that is used now, which the answer is told against; "": json, where it is measured.
    ``left_out`` are codecs that were asked for and cannot be sent to the instance, each with the reason.
    """

    profile: str
    payloads: tuple[str, ...]
    codecs: tuple[str, ...]
    parts: tuple[Part, ...] = PARTS
    memory_only: tuple[str, ...] = ()
    seed: int = DEFAULT_SEED
    budget_s: float | None = None
    max_rounds: int | None = None
    flamegraphs: str = FLAMEGRAPH_PAYLOAD
    resolve: float | None = None
    client: Client | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    less: LessPlan | None = None
    expect: str = ""
    now: str = ""

    @property
    def limits(self) -> Profile:
        """The profile that sets durations and rounds."""
        return find_profile(self.profile)

    @property
    def budget(self) -> float:
        """Seconds that the whole run may take."""
        return self.limits.budget_s if self.budget_s is None else self.budget_s

    @property
    def rounds(self) -> range:
        """Numbers of the rounds that may be taken."""
        return range(self.limits.max_rounds if self.max_rounds is None else self.max_rounds)

    @property
    def planned_rounds(self) -> int:
        """Rounds that share the budget."""
        return min(self.limits.rounds, len(self.rounds)) if self.max_rounds is None else self.max_rounds

    @property
    def min_rounds(self) -> int:
        """Rounds that are taken whatever the budget, unless it was given by hand: fewer carry no interval."""
        least = 1 if self.budget_s is not None else FEWEST
        return min(least, len(self.rounds))

    @property
    def difference(self) -> float:
        """The difference, as a share, that time is spent to tell from none."""
        return self.limits.resolve if self.resolve is None else self.resolve

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
