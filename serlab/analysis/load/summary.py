"""What the steps of a load run come to: stable or not, where the knee is, what the rounds say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from serlab.analysis.load import histogram
from serlab.analysis.load.remarks import crowding, remarks
from serlab.analysis.stats import grouped, interval
from serlab.records.load import Knee, LoadReport, LoadStep, LoadSummary, LoadWindow

#: Windows that have to agree, and how far the largest may be from the smallest: the rule of Triton's perf_analyzer.
STABLE_WINDOWS = 3
STABLE_RATIO = 1.10


def stable(windows: Sequence[LoadWindow]) -> bool:
    """Whether the last three windows agree: throughput and mean latency, largest ÷ smallest at most 1.10 each."""
    last = windows[-STABLE_WINDOWS:]
    if len(last) < STABLE_WINDOWS:
        return False
    means = [window.mean_s for window in last if window.mean_s is not None]
    if len(means) < STABLE_WINDOWS:
        return False
    rates = [window.per_s for window in last]
    return max(rates) <= STABLE_RATIO * min(rates) and max(means) <= STABLE_RATIO * min(means)


def summarize(steps: Iterable[LoadStep]) -> tuple[LoadSummary, ...]:
    """Put the rounds of each step together, in the order in which the steps were first asked for."""
    return tuple(_summary(rounds) for rounds in grouped(steps, lambda step: step.spec).values())


def knees(summaries: Iterable[LoadSummary]) -> tuple[Knee, ...]:
    """Return the knee of every closed sweep: the concurrency of the highest power, throughput ÷ mean latency.

    Kleinrock's power (1979) is highest where more calls in flight begin to add more to the latency than to the
    throughput. A sweep of one step has no knee.
    """
    closed = [entry for entry in summaries if entry.spec.loop == "closed" and entry.calls and entry.mean_s]
    sweeps = grouped(closed, lambda entry: (entry.spec.payload, entry.spec.codec, entry.spec.pre_encoded))
    return tuple(_knee(sweep) for sweep in sweeps.values() if len(sweep) > 1)


def _knee(sweep: Sequence[LoadSummary]) -> Knee:
    def rate(entry: LoadSummary) -> float:
        return entry.throughput_per_s.median

    best = max(sweep, key=lambda entry: rate(entry) / (entry.mean_s or 1.0))
    peak = max(sweep, key=rate)
    return Knee(
        best.spec.payload, best.spec.codec, best.spec.pre_encoded,
        concurrency=best.spec.concurrency,
        throughput_per_s=rate(best),
        latency_s=best.mean_s or 0.0,
        peak_per_s=rate(peak),
        peak_concurrency=peak.spec.concurrency,
    )  # fmt: skip


def _summary(rounds: Sequence[LoadStep]) -> LoadSummary:
    first = rounds[0]
    errors: Counter[str] = Counter()
    for step in rounds:
        errors.update(step.errors)
    merged = histogram.merge(step.histogram for step in rounds)
    answered = sum(step.throughput_per_s * step.measured_s for step in rounds)
    server_cpu = [step.server_cpu * step.measured_s for step in rounds if step.server_cpu is not None]
    rate = interval([step.throughput_per_s for step in rounds])
    return LoadSummary(
        first.spec,
        first.transport,
        rounds=len(rounds),
        calls=sum(step.calls for step in rounds),
        attempts=sum(step.attempts for step in rounds),
        errors=dict(errors),
        throughput_per_s=rate,
        histogram=merged,
        p50_s=histogram.percentile(merged, 0.5),
        p90_s=histogram.percentile(merged, 0.9),
        p99_s=histogram.percentile(merged, 0.99),
        p999_s=histogram.percentile(merged, 0.999),
        mean_s=_mean(rounds, lambda step: step.mean_s),
        max_s=max((step.max_s for step in rounds if step.max_s is not None), default=None),
        encode_s=_mean(rounds, lambda step: step.encode_s),
        exchange_s=_mean(rounds, lambda step: step.exchange_s),
        decode_s=_mean(rounds, lambda step: step.decode_s),
        late=sum(step.late for step in rounds),
        starved=sum(step.starved for step in rounds),
        unsent=sum(step.unsent for step in rounds),
        wire_bytes_per_s=rate.median * max(step.request_bytes + step.response_bytes for step in rounds),
        client_cpu_s=sum(step.client_cpu * step.measured_s for step in rounds) / answered if answered else None,
        server_cpu_s=sum(server_cpu) / answered if answered and len(server_cpu) == len(rounds) else None,
        busiest_cpu=max(step.busiest_cpu for step in rounds),
        stable=all(step.stable for step in rounds),
        outages=tuple(outage for step in rounds for outage in step.outages),
        remarks=remarks(rounds),
    )


def _mean(rounds: Sequence[LoadStep], figure: Callable[[LoadStep], float | None]) -> float | None:
    """Return the mean over calls of a figure that each step holds as its own mean."""
    known = [(step.calls, value) for step in rounds if (value := figure(step)) is not None]
    total = sum(calls for calls, _ in known)
    return sum(calls * value for calls, value in known) / total if total else None


@dataclass(frozen=True)
class LoadView:
    """Looks up what a load run found. Everything is derived; nothing is measured or changed."""

    report: LoadReport

    @cached_property
    def summaries(self) -> tuple[LoadSummary, ...]:
        """Every step, its rounds together."""
        return summarize(self.report.steps)

    @cached_property
    def knees(self) -> tuple[Knee, ...]:
        """Where adding load stops paying, per payload and codec."""
        return tuple(knees(self.summaries))

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """What to know before believing the figures: of single steps, then of all."""
        told = [f"{entry.spec.id}: {remark}" for entry in self.summaries for remark in entry.remarks]
        return (*told, *filter(None, [crowding(self.report.steps)]))
