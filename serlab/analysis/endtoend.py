"""End-to-end calls of one payload × codec, summed up: the ledger, the percentiles, what was left over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from serlab.analysis.stats import interval, interval_if_any, percentile
from serlab.analysis.view import RunView
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import Exactness, Interval, Transport


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """What the clients of one payload × codec saw.

    The stages are means over all calls and add up to ``mean_total_s`` with ``left_over_s``; percentiles are over all
    calls, None below their sample floor. ``median_s`` is the median over clients with its interval. ``errors`` are the
    distinct reasons why clients ended early.
    """

    payload: str
    codec: str
    transport: Transport
    calls: int
    clients: int
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None
    median_s: Interval | None
    mean_total_s: float | None
    encode_s: float | None
    exchange_s: float | None
    decode_s: float | None
    left_over_s: float | None
    request_bytes: int
    response_bytes: int
    client_cpu_s: float | None
    server_cpu_s: float | None
    server_peak_rss_bytes: int | None
    exactness: Exactness | None
    errors: tuple[str, ...]


def sum_up(runs: Sequence[EndToEndRun]) -> EndToEnd:
    """Return the sum of the clients of one payload × codec; CPU is per call.

    Raises:
        ValueError: no runs.
    """
    if not runs:
        raise ValueError("no clients to sum up")
    first, calls = runs[0], [call for run in runs for call in run.calls]
    totals = [call.total_s for call in calls]
    medians = [percentile([call.total_s for call in run.calls], 0.5) for run in runs if run.calls]
    known_cpu = [run for run in runs if run.server_cpu_s is not None and run.calls]
    peaks = [run.server_peak_rss_bytes for run in runs if run.server_peak_rss_bytes is not None]
    return EndToEnd(
        first.payload,
        first.codec,
        first.transport,
        calls=len(calls),
        clients=len(runs),
        p50_s=percentile(totals, 0.5),
        p90_s=percentile(totals, 0.9),
        p99_s=percentile(totals, 0.99),
        median_s=interval_if_any(value for value in medians if value is not None),
        mean_total_s=_mean(totals),
        encode_s=_mean([call.encode_s for call in calls]),
        exchange_s=_mean([call.exchange_s for call in calls]),
        decode_s=_mean([call.decode_s for call in calls]),
        left_over_s=_mean([call.left_over_s for call in calls]),
        request_bytes=max(run.request_bytes for run in runs),
        response_bytes=max(run.response_bytes for run in runs),
        client_cpu_s=sum(run.client_cpu_s for run in runs) / len(calls) if calls else None,
        server_cpu_s=(
            sum(run.server_cpu_s or 0.0 for run in known_cpu) / sum(len(run.calls) for run in known_cpu)
            if known_cpu
            else None
        ),
        server_peak_rss_bytes=max(peaks) if peaks else None,
        exactness=next((run.exactness for run in runs if run.exactness), None),
        errors=tuple(dict.fromkeys(run.error for run in runs if run.error)),
    )


def median_totals(runs: Iterable[EndToEndRun]) -> dict[int, float]:
    """Return the median seconds of a whole call by round."""
    return {run.round: median(call.total_s for call in run.calls) for run in runs if run.calls}


def sum_up_all(view: RunView) -> tuple[EndToEnd, ...]:
    """Return the sums of a run's calls in the order of tables, each with what became of its answers' values."""
    return tuple(
        replace(sum_up(clients), exactness=view.answered(payload, codec))
        for (payload, codec), clients in view.clients.items()
    )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def cpu_per_call(clients: Sequence[EndToEndRun]) -> dict[str, Interval]:
    """Return CPU seconds per call of ``client`` and, where it can be seen, ``server``: medians over clients."""
    counted = [run for run in clients if run.calls]
    found = {}
    if counted:
        found["client"] = interval([run.client_cpu_s / len(run.calls) for run in counted])
    server = [run.server_cpu_s / len(run.calls) for run in counted if run.server_cpu_s is not None]
    if server:
        found["server"] = interval(server)
    return found


def codec_share(clients: Iterable[EndToEndRun]) -> Interval | None:
    """Return the share of a call that encode and decode take in it, with its interval over clients."""
    shares = [
        sum(call.encode_s + call.decode_s for call in run.calls) / sum(call.total_s for call in run.calls)
        for run in clients
        if run.calls
    ]
    return interval_if_any(shares)
