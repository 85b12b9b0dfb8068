"""One step of load: forks its generators, ends it when its windows are stable, and gathers what they report.

Runs in a process of its own that has not touched gRPC: only then may it fork generators that do.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import psutil

from serlab.analysis.load.summary import stable
from serlab.codecs import registry
from serlab.measure.load.fleet import Fleet, forked
from serlab.measure.load.gather import cut_windows, filled
from serlab.measure.load.generator import BATCHES_PER_WINDOW, Go, Job, Stop
from serlab.measure.process.machine import cores_in_use
from serlab.measure.process.server_meter import ServerMeter
from serlab.records.call import Call
from serlab.records.load import LoadStep, LoadWindow, StepLimits, StepSpec
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions

#: Building a large payload and opening connections take a while; more than this, and a generator hangs.
PREPARE_S = 60.0
#: All generators begin together, this long after they were told to.
_LEAD_S = 0.05
#: A report that was sent at a window's end may take this long to arrive.
_ARRIVAL_S = 1.0


def run_step(
    spec: StepSpec,
    endpoint: Endpoint,
    options: TransportOptions,
    limits: StepLimits,
    *,
    call: Call | None = None,
    seed: int = 0,
    round_number: int = 0,
) -> LoadStep:
    """Put ``endpoint`` under the load of ``spec`` and return what came of it.

    A step whose first call shows that the server will not take it has a ``failure`` and no calls.

    Raises:
        MeasureError: a generator cannot be prepared.
    """
    blank = LoadStep(spec, registry.codec_class(spec.codec).transport, round_number)
    job = Job(spec, 0, endpoint, options, call, seed, round_number, limits.window_s / BATCHES_PER_WINDOW)
    with forked(job) as fleet:
        verified = fleet.await_ready(PREPARE_S + options.timeout_s)
        blank = verified.noted(blank)
        return blank if verified.failure else _load(blank, fleet, endpoint, options, limits)


def _load(blank: LoadStep, fleet: Fleet, endpoint: Endpoint, options: TransportOptions, limits: StepLimits) -> LoadStep:
    begin = time.perf_counter() + _LEAD_S
    start = begin + limits.warmup_s
    fleet.tell(Go(begin, start))
    fleet.listen(start)
    meter, cpu_before = ServerMeter(endpoint.pid), psutil.cpu_times()
    server_before = meter.cpu_s()
    windows: tuple[LoadWindow, ...] = ()
    while len(windows) < _most(windows, limits) and not fleet.done:
        fleet.listen(start + (len(windows) + 1) * limits.window_s, grace_s=_ARRIVAL_S)
        windows = cut_windows(fleet.outcomes(), start, limits.window_s, len(windows) + 1)
        if len(windows) >= limits.min_windows and stable(windows):
            break
    server_after, machine_cpu = meter.cpu_s(), cores_in_use(cpu_before, psutil.cpu_times(), psutil.cpu_count() or 1)
    metered_s = time.perf_counter() - start
    end = start + len(windows) * limits.window_s
    fleet.tell(Stop(end))
    fleet.listen_to_the_end(2 * options.timeout_s + PREPARE_S)
    cores = fleet.cores(start, end)
    found = filled(blank, fleet.outcomes(), start, limits.window_s, len(windows))
    return replace(
        found,
        client_cpu=sum(cores),
        busiest_cpu=max(cores),
        server_cpu=_rate(server_before, server_after, metered_s),
        machine_cpu=machine_cpu,
        cores=psutil.cpu_count() or 0,
        unsent=fleet.unsent,
        failure=fleet.trouble or _too_short(found, limits),
    )


def _most(windows: Sequence[LoadWindow], limits: StepLimits) -> int:
    return limits.max_windows if any(window.calls for window in windows) else limits.most_windows


def _too_short(found: LoadStep, limits: StepLimits) -> str:
    """Return what to tell of a step in which no call came to its end, "" for any other."""
    if found.calls or found.errors:
        return ""
    return (
        f"no call that was sent within the {found.measured_s:g} s that count was answered in them: calls take longer "
        f"than a window of {limits.window_s:g} s, so give a longer --window"
    )


def _rate(before: float | None, after: float | None, seconds: float) -> float | None:
    return None if before is None or after is None else (after - before) / seconds
