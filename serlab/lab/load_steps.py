"""The options of ``serlab load`` turned into steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from serlab.errors import UsageError
from serlab.measure.load.sweep import DEFAULT_CONCURRENCY, OPEN_LOOP_CONCURRENCY, checked
from serlab.records.load import Arrivals, StepSpec


def make_steps(
    payloads: Sequence[str],
    codecs: Sequence[str],
    *,
    concurrency: str,
    rates: str,
    arrivals: str,
    connections: int,
    processes: int,
    pre_encode: bool,
) -> list[StepSpec]:
    """Return the steps of a load run: a closed loop per concurrency, or an open loop per rate.

    Raises:
        UsageError: a list that does not parse, or numbers that do not go together.
    """
    if arrivals not in ("poisson", "constant"):
        raise UsageError(f"--arrivals {arrivals}: choose poisson or constant")
    kind: Arrivals = "constant" if arrivals == "constant" else "poisson"
    in_flight = [int(number) for number in _numbers("--concurrency", concurrency, whole=True)]
    per_s = _numbers("--rate", rates)
    if per_s and len(in_flight) > 1:
        raise UsageError("a rate sweep has one limit of calls in flight: give --concurrency one number")
    paces: list[StepSpec] = []
    for payload in payloads:
        for codec in codecs:
            base = StepSpec(payload, codec, connections=connections, processes=processes, pre_encoded=pre_encode)
            if per_s:
                most = in_flight[0] if in_flight else OPEN_LOOP_CONCURRENCY
                paces += [_open(base, rate, kind, most) for rate in per_s]
            else:
                paces += [_closed(base, number) for number in in_flight or DEFAULT_CONCURRENCY]
    return [checked(spec) for spec in paces]


def _closed(base: StepSpec, concurrency: int) -> StepSpec:
    # A list of concurrencies goes below the number of processes that its larger ones ask for.
    sockets = min(base.connections or concurrency, concurrency)
    return replace(base, concurrency=concurrency, processes=min(base.processes, max(1, sockets)))


def _open(base: StepSpec, rate: float, arrivals: Arrivals, concurrency: int) -> StepSpec:
    return replace(base, loop="open", rate_per_s=rate, arrivals=arrivals, concurrency=concurrency)


def _numbers(option: str, text: str, *, whole: bool = False) -> list[float]:
    try:
        numbers = [float(int(part) if whole else float(part)) for part in text.split(",") if part.strip()]
    except ValueError:
        raise UsageError(f"{option} {text!r} does not parse: write numbers separated by commas") from None
    return list(dict.fromkeys(numbers))
