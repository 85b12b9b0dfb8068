"""Whether a fitted law holds, and where it does not: refusals, throttling, slowing down, sizes that fall out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from serlab.records.law import LawPoint, RouteLaw

#: A point this many times off the fit is not noise.
_OFF = 2.0
#: Later passes this much slower than the first mean that the server, or the machine, has changed meanwhile.
_SLOWED = 1.3
#: Request and response that grow together this closely cannot be told apart.
_TOGETHER = 0.999
#: Fewer points say nothing about either.
_FEW = 4


def judged(law: RouteLaw, points: Sequence[LawPoint]) -> RouteLaw:
    """Return the law with what speaks against it, and what its points could not tell apart."""
    mine = [point for point in points if point.route == law.route]
    sound = [point for point in mine if not point.refused]
    against = [*_refusals(mine), *_failures(sound), *_slowing(sound), *_off(law, sound)]
    return replace(law, holds=not against, remarks=(*against, *_together(sound)))


def _refusals(points: Sequence[LawPoint]) -> Iterator[str]:
    refused = sorted((point for point in points if point.refused), key=lambda point: point.request_bytes)
    if refused:
        sizes = ", ".join(f"{point.kind} of {point.request_bytes:,} B" for point in refused[:3])
        more = f" and {len(refused) - 3} more" if len(refused) > 3 else ""
        yield f"it does not hold for {sizes}{more}: the server refuses them ({refused[0].error})"


def _failures(points: Sequence[LawPoint]) -> Iterator[str]:
    failing = [point for point in points if point.failed]
    if failing:
        failed = sum(point.failed for point in failing)
        sizes = f"{min(p.request_bytes for p in failing):,} to {max(p.request_bytes for p in failing):,} B"
        yield (
            f"calls fail now and then: {failed} of requests of {sizes}, such as {failing[0].error}; a server that "
            "limits calls is timed by its limits"
        )


def _slowing(points: Sequence[LawPoint]) -> Iterator[str]:
    several = [point for point in points if len(point.passes_s) > 1 and point.passes_s[0] > 0]
    if len(several) < _FEW:
        return
    for number in range(1, max(len(point.passes_s) for point in several)):
        ratios = [point.passes_s[number] / point.passes_s[0] for point in several if len(point.passes_s) > number]
        if len(ratios) >= _FEW and median(ratios) > _SLOWED:
            yield (
                f"the server slowed down midway: pass {number + 1} took {median(ratios):.1f} times the first, over "
                f"{len(ratios)} sizes"
            )
            return


def _off(law: RouteLaw, points: Sequence[LawPoint]) -> Iterator[str]:
    """Sizes of one kind that are off by much; single ones may be chance, two neighbours are not."""
    for kind in dict.fromkeys(point.kind for point in points):
        ordered = sorted((p for p in points if p.kind == kind), key=lambda p: p.request_bytes + p.response_bytes)
        ratios = [p.median_s / law.exchange_s(p.request_bytes, p.response_bytes) for p in ordered]
        off = [ratio > _OFF or ratio < 1 / _OFF for ratio in ratios]
        found = [i for i in range(len(off)) if off[i] and (off[i - 1 : i] == [True] or off[i + 1 : i + 2] == [True])]
        if found:
            first, last = ordered[found[0]], ordered[found[-1]]
            worst = max((ratios[i] for i in found), key=lambda ratio: max(ratio, 1 / ratio))
            yield (
                f"it does not hold for {kind} between {_moved(first)} and {_moved(last)}: measured {worst:.1f} times "
                "the fit"
            )


def _together(points: Sequence[LawPoint]) -> Iterator[str]:
    if len(points) < 2:
        return
    requests, responses = (
        np.array([getattr(p, side) for p in points], float) for side in ("request_bytes", "response_bytes")
    )
    for side, other in ((responses, "response"), (requests, "request")):
        if side.max() - side.min() < 0.01 * (requests.max() + responses.max()):
            yield f"the {other} hardly changes its size: its cost per byte cannot be told from the floor"
            return
    if abs(np.corrcoef(requests, responses)[0, 1]) > _TOGETHER:
        yield "request and response grow together: only the sum of their costs per byte is known, at this ratio"


def _moved(point: LawPoint) -> str:
    return f"{point.request_bytes:,} B in, {point.response_bytes:,} B out"
