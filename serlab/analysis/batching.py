"""Which batching setting to use: what each does to throughput, and the one whose latency is least among the best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from serlab.analysis import histogram
from serlab.analysis.stats import interval, paired_ratio
from serlab.record_batching import BatchingReport, BatchingStep, BatchingSummary, BatchSetting

#: Settings within this share of the highest throughput are taken to be as good; latency decides among them.
AS_GOOD = 0.95


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The setting to use, None for no batching, and why."""

    setting: BatchSetting | None
    reason: str


def summarize_batching(report: BatchingReport) -> tuple[BatchingSummary, ...]:
    """Return a summary per setting, first the server without batching, then by size and timeout."""
    grouped: dict[BatchSetting | None, list[BatchingStep]] = {}
    for entry in report.steps:
        if not entry.step.failure:
            grouped.setdefault(entry.setting, []).append(entry)
    plain = _rates(grouped.get(None, ()))
    order = sorted(grouped, key=lambda setting: (setting is not None, setting or BatchSetting(0, 0)))
    return tuple(_summary(setting, grouped[setting], plain) for setting in order)


def recommend(summaries: Iterable[BatchingSummary]) -> Recommendation:
    """Return the setting of least latency among those with about the highest throughput, if that beats no batching.

    Latency is the p90, or the mean where there are too few calls for a p90. A setting that makes calls fail is not
    recommended.
    """
    listed = list(summaries)
    better = [
        entry
        for entry in listed
        if entry.setting and not entry.errors and entry.gain is not None and entry.gain.low > 1
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


def _summary(setting: BatchSetting | None, entries: Sequence[BatchingStep], plain: dict[int, float]) -> BatchingSummary:
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
