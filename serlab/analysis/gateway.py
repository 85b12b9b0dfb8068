"""What a gateway adds to a call, with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from serlab.analysis.stats import interval, paired_ratio
from serlab.record import EndToEndRun
from serlab.record_gateway import GatewayCost, GatewayReport

_Key = tuple[str, str]


def gateway_costs(report: GatewayReport) -> tuple[GatewayCost, ...]:
    """Return the cost per payload × codec, in the order in which they were first measured."""
    direct, through = _by_case(report.direct), _by_case(report.through)
    return tuple(_cost(direct[key], through.get(key, ())) for key in direct)


def _cost(direct: Sequence[EndToEndRun], through: Sequence[EndToEndRun]) -> GatewayCost:
    first = direct[0]
    own, with_it = _medians(direct), _medians(through)
    added = [with_it[number] - own[number] for number in sorted(own.keys() & with_it.keys())]
    metered = [run for run in through if run.server_cpu_s is not None and run.calls]
    calls = sum(len(run.calls) for run in metered)
    return GatewayCost(
        first.payload,
        first.codec,
        first.transport,
        rounds=len(added),
        direct_s=interval(list(own.values())) if own else None,
        through_s=interval(list(with_it.values())) if with_it else None,
        added_s=interval(added) if added else None,
        ratio=paired_ratio(with_it, own),
        gateway_cpu_s=sum(run.server_cpu_s or 0.0 for run in metered) / calls if calls else None,
        errors=tuple(dict.fromkeys(run.error for run in (*direct, *through) if run.error)),
    )


def _medians(runs: Iterable[EndToEndRun]) -> dict[int, float]:
    return {run.round: median(call.total_s for call in run.calls) for run in runs if run.calls}


def _by_case(runs: Iterable[EndToEndRun]) -> dict[_Key, list[EndToEndRun]]:
    found: dict[_Key, list[EndToEndRun]] = {}
    for run in runs:
        found.setdefault((run.payload, run.codec), []).append(run)
    return found
