"""What sharing a connection costs: overlap of the calls on it, and what a large call does to the small ones behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from serlab.analysis.endtoend import median_totals
from serlab.analysis.load import histogram
from serlab.analysis.stats import grouped, interval, interval_if_any, paired_difference, paired_ratio
from serlab.records.deployment import (
    BatchingReport,
    BatchingStep,
    BatchingSummary,
    BatchSetting,
    Burst,
    GatewayCost,
    GatewayReport,
    MultiplexingReport,
    SharingSummary,
)
from serlab.records.endtoend import EndToEndRun

_Key = tuple[str, int]


def summarize_sharing(report: MultiplexingReport) -> tuple[SharingSummary, ...]:
    """Return a summary per codec and number of connections, the shared connection first."""
    bursts, behind = grouped(report.bursts, _arrangement), grouped(report.behind_large, _arrangement)
    return tuple(_sharing_summary(key, rounds, behind, report.calls) for key, rounds in sorted(bursts.items()))


def _sharing_summary(
    key: _Key, bursts: Sequence[Burst], behind: Mapping[_Key, Sequence[Burst]], calls: int
) -> SharingSummary:
    codec, connections = key
    own, pool = (_per_round(behind.get(which, ()), _latency) for which in (key, (codec, calls)))
    failed = Counter(call.error for burst in (*bursts, *behind.get(key, ())) for call in burst.calls if call.error)
    return SharingSummary(
        codec,
        bursts[0].transport,
        connections,
        calls=calls,
        rounds=len({burst.round for burst in bursts}),
        overlap=interval(_per_round(bursts, lambda burst: burst.overlap).values()),
        total_s=interval(_per_round(bursts, lambda burst: burst.total_s).values()),
        calls_per_s=interval(_per_round(bursts, lambda burst: len(burst.calls) / burst.total_s).values()),
        small_behind_large_s=interval_if_any(own.values()),
        held_back_s=paired_difference(own, pool) if connections != calls else None,
        errors=dict(failed),
    )


def _latency(burst: Burst) -> float:
    return median(call.latency_s for call in burst.calls)


def _per_round(bursts: Iterable[Burst], figure: Callable[[Burst], float]) -> dict[int, float]:
    """Return the median over the bursts of each round: those of one process."""
    rounds = grouped(bursts, lambda burst: burst.round)
    return {number: median(map(figure, made)) for number, made in rounds.items()}


def _arrangement(burst: Burst) -> _Key:
    return burst.codec, burst.connections


#: Settings within this share of the highest throughput are taken to be as good; latency decides among them.
AS_GOOD = 0.95


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The setting to use, None for no batching, and why."""

    setting: BatchSetting | None
    reason: str


def summarize_batching(report: BatchingReport) -> tuple[BatchingSummary, ...]:
    """Return a summary per setting, first the server without batching, then by size and timeout."""
    taken = grouped((entry for entry in report.steps if not entry.step.failure), lambda entry: entry.setting)
    plain = _rates(taken.get(None, ()))
    order = sorted(taken, key=lambda setting: (setting is not None, setting or BatchSetting(0, 0)))
    return tuple(_batching_summary(setting, taken[setting], plain) for setting in order)


def recommend(summaries: Iterable[BatchingSummary]) -> Recommendation:
    """Return the setting of least latency among those with about the highest throughput, if that beats no batching.

    Latency is the p90, or the mean where there are too few calls for a p90. A setting that makes calls fail is not
    recommended.
    """
    listed = list(summaries)
    better = [
        entry
        for entry in listed
        if entry.setting and not entry.errors and entry.gain is not None and entry.gain.above(1)
    ]
    if not better:
        return Recommendation(None, "no setting was clearly faster than no batching")
    most = max(entry.throughput_per_s.median for entry in better)
    as_good = [entry for entry in better if entry.throughput_per_s.median >= AS_GOOD * most]
    chosen = min(as_good, key=lambda entry: entry.p90_s or entry.mean_s or float("inf"))
    assert chosen.gain is not None
    bounds = f"[{chosen.gain.low:.2f}, {chosen.gain.high:.2f}]" if chosen.gain.runs > 1 else "(1 round: no interval)"
    gain = f"{chosen.gain.median:.2f} times the throughput without batching {bounds}"
    others = f", the least latency of {len(as_good)} settings within 5 % of the best" if len(as_good) > 1 else ""
    return Recommendation(chosen.setting, gain + others)


def _batching_summary(
    setting: BatchSetting | None, entries: Sequence[BatchingStep], plain: dict[int, float]
) -> BatchingSummary:
    steps = [entry.step for entry in entries]
    merged = histogram.merge(step.histogram for step in steps)
    means = [step.mean_s for step in steps if step.mean_s is not None]
    rows = [entry.mean_rows for entry in entries if entry.mean_rows is not None]
    return BatchingSummary(
        setting,
        rounds=len(steps),
        throughput_per_s=interval([step.throughput_per_s for step in steps]),
        gain=paired_ratio(_rates(entries), plain) if setting else None,
        p50_s=histogram.percentile(merged, 0.5),
        p90_s=histogram.percentile(merged, 0.9),
        p99_s=histogram.percentile(merged, 0.99),
        mean_s=fmean(means) if means else None,
        mean_rows=fmean(rows) if rows else None,
        errors=sum(sum(step.errors.values()) for step in steps),
    )


def _rates(entries: Iterable[BatchingStep]) -> dict[int, float]:
    return {entry.step.round: entry.step.throughput_per_s for entry in entries}


def gateway_costs(report: GatewayReport) -> tuple[GatewayCost, ...]:
    """Return the cost per payload × codec, in the order in which they were first measured."""
    direct, through = (grouped(runs, lambda run: (run.payload, run.codec)) for runs in (report.direct, report.through))
    return tuple(_cost(direct[key], through.get(key, ())) for key in direct)


def _cost(direct: Sequence[EndToEndRun], through: Sequence[EndToEndRun]) -> GatewayCost:
    first = direct[0]
    own, with_it = median_totals(direct), median_totals(through)
    metered = [run for run in through if run.server_cpu_s is not None and run.calls]
    calls = sum(len(run.calls) for run in metered)
    return GatewayCost(
        first.payload,
        first.codec,
        first.transport,
        rounds=len(own.keys() & with_it.keys()),
        direct_s=interval_if_any(own.values()),
        through_s=interval_if_any(with_it.values()),
        added_s=paired_difference(with_it, own),
        ratio=paired_ratio(with_it, own),
        gateway_cpu_s=sum(run.server_cpu_s or 0.0 for run in metered) / calls if calls else None,
        errors=tuple(dict.fromkeys(run.error for run in (*direct, *through) if run.error)),
    )
