"""End-to-end clients of a run, round by round; stored the moment they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import psutil

from serlab.analysis.stats import FEWEST
from serlab.measure import endtoend
from serlab.measure.plan import Plan
from serlab.measure.process.patience import says_no
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import Case, Endpoint
from serlab.records.store import RunFolder


def is_refusal(run: EndToEndRun) -> bool:
    """Whether a client without calls was refused; else it met a time-out, a reset or an overload, and may try again."""
    return bool(run.error) and not run.calls and says_no(run.error_code)


class Calling:
    """Runs end-to-end clients in fresh processes and adds each to the store.

    A payload × codec that the server refuses is called once, not in every round; one that fails otherwise is tried
    again. When the server itself is gone no more clients are sent, and ``gone`` says so.
    """

    def __init__(self, folder: RunFolder, plan: Plan, target: Target) -> None:
        self._folder, self._plan, self._target = folder, plan, target
        self._runs: dict[tuple[str, str], list[EndToEndRun]] = {}
        for run in folder.read_endtoend():
            self._note(run)
        self.gone = ""

    def run(self, workers: Workers, payload: str, codec: str, round_number: int) -> None:
        """Send one client. Raises MeasureError where its process fails."""
        if self.gone or not self.is_due(payload, codec, round_number):
            return
        run = workers.keeping(
            self._folder.add_endtoend, endtoend.measure, self._target, payload, codec, seed=self._plan.seed,
            round_number=round_number, calls_s=self._plan.limits.calls_s,
        )  # fmt: skip
        self._note(run)
        if run.error and server_gone(self._target.endpoint):
            self.gone = run.error

    def is_due(self, payload: str, codec: str, round_number: int) -> bool:
        """Whether a round has this client: not when refused or done, nor when dear calls have their interval."""
        runs = self._runs.get((payload, codec), [])
        done = {run.round for run in runs if run.calls}
        dear = any(call.total_s >= endtoend.DEAR_CALL_S for run in runs for call in run.calls)
        enough = dear and len(done - {round_number}) >= FEWEST
        return round_number not in done and not enough and not any(map(is_refusal, runs))

    def lacking(self, rounds: int) -> list[str]:
        """Return what lacks calls that another try may bring, in words, of a run of ``rounds`` rounds."""
        found = []
        for (payload, codec), runs in self._runs.items():
            lost = [number for number in range(rounds) if self.is_due(payload, codec, number)]
            failed = [run for run in runs if run.error and not run.calls]
            if lost and not self.gone and failed:
                found.append(
                    f"calls/{payload}/{codec}: {len(failed)} of {len(runs)} clients had no answer "
                    f"({failed[-1].error}); {len(lost)} of {rounds} rounds have no calls"
                )
        return found

    def _note(self, run: EndToEndRun) -> None:
        self._runs.setdefault((run.payload, run.codec), []).append(run)


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
    return {(run.payload, run.codec): run.error for run in runs if is_refusal(run)}


def labels(data: Any) -> str:
    """Return a step's title: a case's id, or ``calls/payload/codec``."""
    return data.id if isinstance(data, Case) else f"calls/{data[0]}/{data[1]}"


def without_calls(plan: Plan, target: Target | None, runs: Sequence[EndToEndRun]) -> list[str]:
    """Return what lacks calls because the server went away, in words."""
    if not target:
        return []
    rounds = 1 + max((run.round for run in runs), default=0)
    found = []
    for payload in plan.payloads:
        for codec in target.callers(plan.codecs):
            done = sum(1 for run in runs if (run.payload, run.codec) == (payload, codec) and run.calls)
            if done < rounds:
                found.append(f"calls/{payload}/{codec}: the server went away after {done} of {rounds} rounds")
    return found
