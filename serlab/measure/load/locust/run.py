"""Runs Locust distributed on this machine: a master and its workers, once per step."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import msgspec

from serlab.codecs.registry import transport_of
from serlab.errors import MeasureError, UsageError, needs
from serlab.measure.cases import shuffled
from serlab.measure.load.locust.options import Options, class_name
from serlab.measure.load.verify import verify_step
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.load import LoadReport, LoadStep, StepLimits, StepSpec
from serlab.records.scratch import Scratch
from serlab.serving.binary import free_ports
from serlab.serving.process import ServerProcess

_HOST = "127.0.0.1"
#: Workers import the codecs' libraries before they report for work; TensorFlow takes seconds.
_START_TIMEOUT_S = 60.0
_POLL_S = 0.1
_LOCUSTFILE = Path(__file__).with_name("locustfile.py")


def sweep_with_locust(
    target: Target,
    specs: Iterable[StepSpec],
    processes: int,
    *,
    limits: StepLimits,
    rounds: int = 1,
    seed: int,
    listener: Listener | None = None,
    keep: Callable[[LoadStep], object] = lambda _step: None,
) -> tuple[LoadStep, ...]:
    """Let Locust take every step once per round, with ``processes`` workers, for ``limits.max_windows`` windows.

    Raises:
        UsageError: Locust is not installed, or the steps or the target are none that its users can do.
    """
    wanted = [_checked(spec, target, processes) for spec in specs]
    say = listener or Silent()
    done: list[LoadStep] = []
    with Workers({spec.codec for spec in wanted}) as workers:
        for number in range(rounds):
            say.phase(f"load with Locust, round {number + 1}", len(wanted))
            for spec in shuffled(wanted, seed, number):
                say.step(spec.id)
                step = _step(workers, target, spec, limits, seed)
                done.append(replace(step, round=number))
                if step.failure:
                    say.remark(f"{spec.id}: {step.failure}")
                keep(done[-1])
    return tuple(sorted(done, key=lambda step: (step.round, wanted.index(step.spec))))


def _checked(spec: StepSpec, target: Target, processes: int) -> StepSpec:
    needs("locust")
    if spec.loop == "open":
        raise UsageError("Locust's users are a closed loop: leave --rate or --locust-workers out")
    if spec.sockets != spec.concurrency:
        raise UsageError("Locust's users have a connection each: leave --connections or --locust-workers out")
    endpoint, options = target.endpoint, target.options
    if endpoint.tls or endpoint.rest_tls or endpoint.prefix or options.headers or options.authority:
        raise UsageError(
            "the lab's Locust users speak to plain ports, without headers, a path prefix or an authority: leave "
            "--locust-workers out"
        )
    # A worker without a user would do nothing.
    return replace(spec, generator="locust", processes=min(processes, spec.concurrency))


def _step(workers: Workers, target: Target, spec: StepSpec, limits: StepLimits, seed: int) -> LoadStep:
    blank = LoadStep(spec, transport_of(spec.codec), 0)
    verified = workers.call(verify_step, spec.payload, spec.codec, target.endpoint, target.options, target.call, seed)
    if verified.failure:
        return verified.noted(blank)
    with Scratch("locust") as folder:
        try:
            measured = replace(_run(spec, target, limits, seed, Path(folder)), spec=spec)
        except MeasureError as error:
            measured = replace(blank, failure=str(error))
    return verified.noted(measured)


def _run(spec: StepSpec, target: Target, limits: StepLimits, seed: int, folder: Path) -> LoadStep:
    """Run a master and its workers to the end and return what the master wrote.

    Raises:
        MeasureError: Locust did not get to the end, or wrote nothing.
    """
    saved, (port,) = folder / "steps.json", free_ports(1)
    options = Options(
        target.endpoint.grpc, target.endpoint.rest, spec.payload, seed, target.call, spec.pre_encoded,
        target.options.timeout_s, limits.warmup_s, limits.window_s, str(saved), "", target.endpoint.pid or 0,
        limits.max_windows,
    )  # fmt: skip
    run_s = limits.warmup_s + limits.window_s * limits.max_windows
    locust = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--loglevel=WARNING", *options.arguments()]
    master = [
        *locust, "--master", f"--master-bind-host={_HOST}", f"--master-bind-port={port}", "--headless",
        f"--expect-workers={spec.processes}", f"--expect-workers-max-wait={_START_TIMEOUT_S:.0f}",
        f"--users={spec.concurrency}", f"--spawn-rate={spec.concurrency}",
        f"--stop-timeout={math.ceil(target.options.timeout_s)}", "--exit-code-on-error=0", "--only-summary",
        class_name(spec.codec),
    ]  # fmt: skip
    worker = [*locust, "--worker", f"--master-host={_HOST}", f"--master-port={port}"]
    with ExitStack() as stack:

        def start(name: str, command: list[str]) -> ServerProcess:
            process = ServerProcess(command, folder / f"{name}.log")
            stack.callback(process.stop)
            return process

        leader = start("master", master)
        followers = [start(f"worker-{number}", worker) for number in range(spec.processes)]
        deadline = time.monotonic() + _START_TIMEOUT_S + run_s + target.options.timeout_s + _START_TIMEOUT_S
        while leader.exit_code is None:
            if time.monotonic() > deadline:
                raise MeasureError(f"Locust did not end in time; its master wrote:\n{leader.output()}")
            lost = [follower for follower in followers if follower.exit_code]
            if len(lost) == len(followers):
                raise MeasureError(f"every Locust worker died; one wrote:\n{lost[0].output()}")
            time.sleep(_POLL_S)
        if not saved.exists():
            raise MeasureError(f"Locust ended with code {leader.exit_code} and no result:\n{leader.output()}")
    steps = msgspec.json.decode(saved.read_bytes(), type=LoadReport).steps
    if not steps:
        raise MeasureError(f"no Locust worker reported a call; the master wrote:\n{leader.output()}")
    return steps[0]
