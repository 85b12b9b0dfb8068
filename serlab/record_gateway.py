"""What a gateway in front of a model server adds to calls, as frozen dataclasses. Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from serlab.record import EndToEndRun, Interval, Transport


@dataclass(frozen=True, slots=True)
class GatewayReport:
    """The same clients direct and through the gateway, each a fresh process per round.

    The server CPU of the runs ``through`` is the gateway's own; the model server's is in the direct ones.
    """

    gateway: str  # nginx/1.22.1
    direct: tuple[EndToEndRun, ...] = ()
    through: tuple[EndToEndRun, ...] = ()
    config: str = ""
    instance: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayCost:
    """What the gateway adds to one payload × codec: medians over clients, differences and ratios paired by round.

    ``gateway_cpu_s`` is its CPU per call. ``errors`` are what kept clients from finishing, direct or through it.
    """

    payload: str
    codec: str
    transport: Transport
    rounds: int
    direct_s: Interval | None
    through_s: Interval | None
    added_s: Interval | None
    ratio: Interval | None
    gateway_cpu_s: float | None
    errors: tuple[str, ...] = ()
