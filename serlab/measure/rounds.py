"""One step of a round: a timed run of a case, or an end-to-end client; stored the moment it ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from serlab.measure import endtoend, pyperf_script
from serlab.measure.calls import subject_of_run
from serlab.measure.plan import Plan
from serlab.measure.process.workers import Workers
from serlab.records.call import Call
from serlab.records.run import Case, Endpoint, EndToEndRun
from serlab.records.scratch import Scratch
from serlab.records.store import RunFolder
from serlab.transports.base import TransportOptions

#: A process takes at most this many values: more would lengthen rounds without making processes independent.
MAX_VALUES = 5


class Timing:
    """Times cases in fresh processes and adds each run to the store. Loops are calibrated once per case."""

    def __init__(self, workers: Workers, folder: RunFolder, plan: Plan) -> None:
        self._workers, self._folder, self._plan = workers, folder, plan
        self._loops = folder.read_loops()
        self._call_s: dict[Case, float] = {}

    def run(self, case: Case, round_number: int) -> None:
        """Time ``case`` once. Raises MeasureError where its process fails."""
        limits = self._plan.limits
        if case not in self._loops:
            self._loops[case], self._call_s[case] = self._work(case, round_number, loops=0, values=1)
        loops = self._loops[case]
        known = self._call_s.get(case)
        values = max(1, min(MAX_VALUES, round(limits.run_s / (known * loops)))) if known else 1
        _, self._call_s[case] = self._work(case, round_number, loops=loops, values=values)

    def _work(self, case: Case, round_number: int, *, loops: int, values: int) -> tuple[int, float]:
        with Scratch("time") as scratch:
            output = Path(scratch) / "run.json"
            counted, call_s = self._workers.call(
                pyperf_script.time_case,
                case,
                subject_of_run(self._folder, case.payload),
                round_number,
                loops=loops,
                values=values,
                min_value_s=self._plan.limits.min_value_s,
                output=output,
            )
            self._folder.add_time_run(case.op, output)
        return counted, call_s


class Calling:
    """Runs end-to-end clients in fresh processes and adds each to the store.

    A payload × codec that the server refuses is called once, not in every round. When the server itself is gone no more
    clients are sent, and ``gone`` says so.
    """

    def __init__(
        self,
        workers: Workers,
        folder: RunFolder,
        plan: Plan,
        endpoint: Endpoint,
        options: TransportOptions,
        call: Call | None = None,
    ) -> None:
        self._workers, self._folder, self._plan = workers, folder, plan
        self._endpoint, self._options, self._call = endpoint, options, call
        self._refused = set(refusals(folder.read_endtoend()))
        self.gone = ""

    def run(self, payload: str, codec: str, round_number: int) -> None:
        """Send one client. Raises MeasureError where its process fails."""
        if self.gone or (payload, codec) in self._refused:
            return
        run = self._workers.call(
            endtoend.measure,
            self._endpoint,
            self._options,
            payload_spec=payload,
            codec_name=codec,
            seed=self._plan.seed,
            round_number=round_number,
            calls_s=self._plan.limits.calls_s,
            call=self._call,
        )
        self._folder.add_endtoend(run)
        if run.error:
            if server_gone(self._endpoint):
                self.gone = run.error
            elif not run.calls:
                self._refused.add((payload, codec))


def server_gone(endpoint: Endpoint, connect: Callable[[str], bool] | None = None) -> bool:
    """Whether the server has ended or no longer takes connections; ``connect`` tries an address, for tests."""
    if endpoint.pid is not None:
        with suppress(psutil.Error):
            return not psutil.pid_exists(endpoint.pid) or psutil.Process(endpoint.pid).status() == psutil.STATUS_ZOMBIE
    address = endpoint.grpc or endpoint.rest
    return not (connect or _accepts)(address)


def _accepts(address: str) -> bool:
    import socket

    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2.0):
            return True
    except OSError:
        return False


def refusals(runs: list[EndToEndRun] | tuple[EndToEndRun, ...]) -> dict[tuple[str, str], str]:
    """Return the payload × codec that a live server refused, with its words."""
    return {(run.payload, run.codec): run.error for run in runs if run.error and not run.calls}


def labels(data: Any) -> str:
    """Return a step's title: a case's id, or ``calls/payload/codec``."""
    return data.id if isinstance(data, Case) else f"calls/{data[0]}/{data[1]}"
