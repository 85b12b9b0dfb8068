"""What has no noise is compared exactly: bytes of bodies, bytes and copies in memory, elements that keep their bits.

A busy machine changes none of them, so a gate on them cannot flicker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from serlab.records.comparison import ExactComparison
from serlab.records.run import Exactness, Gate, MemoryProfile

Kind = Literal["bytes", "memory", "exactness"]


def compare_gates(base: Iterable[Gate], head: Iterable[Gate]) -> tuple[ExactComparison, ...]:
    """Return what differs between the round trips of two runs: sizes of bodies, and what becomes of the values."""
    after = {(gate.payload, gate.codec): gate for gate in head}
    found: list[ExactComparison] = []
    for one in base:
        two = after.get((one.payload, one.codec))
        if two is None:
            continue
        subject = f"{one.payload}/{one.codec}"
        if not two.exactness.failure and not one.exactness.failure:
            found += _numbers(subject, "bytes", _sizes(one), _sizes(two))
        before, now = _told(one.exactness), _told(two.exactness)
        if before != now:
            worse = _kept(two.exactness) < _kept(one.exactness)
            found.append(ExactComparison(subject, "exactness", "values", before, now, worse))
    return tuple(found)


def compare_memory(base: Iterable[MemoryProfile], head: Iterable[MemoryProfile]) -> tuple[ExactComparison, ...]:
    """Return what differs in memory between the cases of two runs: peak, allocated bytes, and copies of the payload."""
    after = {profile.case: profile for profile in head}
    found: list[ExactComparison] = []
    for one in base:
        two = after.get(one.case)
        if two is not None and two.raw_bytes == one.raw_bytes:
            found += _numbers(one.case.id, "memory", _bytes(one), _bytes(two))
    return tuple(found)


def copies(profile: MemoryProfile) -> int:
    """Return how many times the payload's size a call allocates, to the nearest whole number."""
    return round(profile.allocated_bytes / profile.raw_bytes) if profile.raw_bytes else 0


def least(profiles: Iterable[MemoryProfile]) -> MemoryProfile:
    """Return the profile of the least memory: what a call needs, without what else happened to be allocated."""
    return min(profiles, key=lambda profile: (profile.allocated_bytes, profile.peak_bytes))


def _sizes(gate: Gate) -> dict[str, int]:
    answers = {
        f"response, {form}" if form != "body" else "response": size for form, size in gate.response_bytes.items()
    }
    return {"request": gate.request_bytes, **answers}


def _bytes(profile: MemoryProfile) -> dict[str, int]:
    return {
        "peak bytes": profile.peak_bytes,
        "allocated bytes": profile.allocated_bytes,
        "copies of the payload": copies(profile),
    }


def _numbers(subject: str, kind: Kind, base: Mapping[str, int], head: Mapping[str, int]) -> Iterator[ExactComparison]:
    for quantity, before in base.items():
        now = head.get(quantity, before)
        if now != before:
            yield ExactComparison(subject, kind, quantity, f"{before:,}", f"{now:,}", worse=now > before)


def _told(exactness: Exactness) -> str:
    if exactness.failure:
        return f"fails: {exactness.failure}"
    return ", ".join(f"{count:,} {word}" for word, count in exactness.counts.items())


def _kept(exactness: Exactness) -> float:
    return -1.0 if exactness.failure else exactness.counts.get("exact", 0) / max(1, exactness.elements)
