"""What an upload holds in the client's memory, as frozen dataclasses. Sizes are bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from serlab.record import MemoryProfile


@dataclass(frozen=True, slots=True)
class UploadProfile:
    """What encoding and sending one request added to the client, up to the moment when its answer was read.

    ``chunked`` requests are sent while they are made. ``profile``'s capture is relative to the run's folder.
    """

    profile: MemoryProfile
    body_bytes: int
    chunked: bool


@dataclass(frozen=True, slots=True)
class UploadReport:
    """Uploads of the same tensors through several codecs; ``failures`` are those that did not succeed, in words."""

    profiles: tuple[UploadProfile, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    instance: Mapping[str, object] = field(default_factory=dict)
