"""CPU time per call of the client's and the server's process."""

from __future__ import annotations

from collections.abc import Sequence

from serlab.analysis.stats import interval
from serlab.record import EndToEndRun, Interval


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
