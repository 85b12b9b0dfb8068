"""A run as others publish it: what ``serlab summary --json`` prints, read with the parts that a shared page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from serlab.errors import StoreError
from serlab.records.run import Interval, Machine, PayloadInfo, Transport


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """What a run was, and how to make it again; see ``RunInfo``."""

    name: str
    machine: Machine
    started: str
    command: str
    payloads: tuple[PayloadInfo, ...]
    codecs: tuple[str, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    profile: str = ""
    rounds: int = 0
    git_commit: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Total:
    """Seconds of whole calls: percentiles over all, and the interval of the median over clients."""

    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class PublishedCall:
    """The calls of one payload × codec; seconds are means over calls, sizes bytes."""

    payload: str
    codec: str
    transport: Transport
    calls: int
    clients: int
    total_s: Total
    encode_s: float | None = None
    exchange_s: float | None = None
    decode_s: float | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    exact: bool | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedCase:
    """One payload × codec × op (× form) in isolation."""

    payload: str
    codec: str
    op: str
    form: str | None = None
    time_s: Interval | None = None
    peak_ratio: float | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """A published run. ``instance`` has ``kind`` and ``version``, empty where no server was called."""

    run: PublishedRun
    endtoend: tuple[PublishedCall, ...] = ()
    cases: tuple[PublishedCase, ...] = ()
    instance: Mapping[str, Any] = field(default_factory=dict)


def parse_published(content: bytes, origin: str) -> Published:
    """Return the run in the bytes of a summary; ``origin`` names it in errors.

    Raises:
        StoreError: it is no summary of a run.
    """
    try:
        return msgspec.json.decode(content, type=Published)
    except msgspec.DecodeError as error:
        raise StoreError(f"{origin} is no summary of a run (serlab summary --json): {error}") from error
