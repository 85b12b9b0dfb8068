"""What sharing a connection costs: overlap of the calls on it, and what a large call does to the small ones behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from serlab.analysis.stats import interval
from serlab.record_multiplexing import Burst, MultiplexingReport, SharingSummary

_Key = tuple[str, int]


def summarize_sharing(report: MultiplexingReport) -> tuple[SharingSummary, ...]:
    """Return a summary per codec and number of connections, the shared connection first."""
    bursts, behind = _by_arrangement(report.bursts), _by_arrangement(report.behind_large)
    return tuple(_summary(key, rounds, behind, report.calls) for key, rounds in sorted(bursts.items()))


def _summary(key: _Key, bursts: Sequence[Burst], behind: Mapping[_Key, Sequence[Burst]], calls: int) -> SharingSummary:
    codec, connections = key
    own, pool = (_per_round(behind.get(which, ()), _latency) for which in (key, (codec, calls)))
    extra = [own[number] - pool[number] for number in sorted(own.keys() & pool.keys())]
    failed = Counter(call.error for burst in (*bursts, *behind.get(key, ())) for call in burst.calls if call.error)
    return SharingSummary(
        codec,
        bursts[0].transport,
        connections,
        calls=calls,
        rounds=len({burst.round for burst in bursts}),
        overlap=interval(list(_per_round(bursts, lambda burst: burst.overlap).values())),
        total_s=interval(list(_per_round(bursts, lambda burst: burst.total_s).values())),
        calls_per_s=interval(list(_per_round(bursts, lambda burst: len(burst.calls) / burst.total_s).values())),
        small_behind_large_s=interval(list(own.values())) if own else None,
        held_back_s=interval(extra) if extra and connections != calls else None,
        errors=dict(failed),
    )


def _latency(burst: Burst) -> float:
    return median(call.latency_s for call in burst.calls)


def _per_round(bursts: Iterable[Burst], figure: Callable[[Burst], float]) -> dict[int, float]:
    """Return the median over the bursts of each round: those of one process."""
    found: dict[int, list[float]] = {}
    for burst in bursts:
        found.setdefault(burst.round, []).append(figure(burst))
    return {number: median(values) for number, values in found.items()}


def _by_arrangement(bursts: Iterable[Burst]) -> dict[_Key, list[Burst]]:
    found: dict[_Key, list[Burst]] = {}
    for burst in bursts:
        found.setdefault((burst.codec, burst.connections), []).append(burst)
    return found
