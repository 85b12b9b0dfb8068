"""A whole load run: every step once per round, in shuffled order, each in processes of its own; kept as it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace

from serlab.codecs.registry import transport_of
from serlab.errors import MeasureError, UsageError
from serlab.measure.cases import shuffled
from serlab.measure.load.step import PREPARE_S, run_step
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.parents import Clients
from serlab.measure.target import Target
from serlab.records.load import LoadStep, StepLimits, StepSpec

#: The article's top concurrency is 50; the steps before it are where the knee usually is.
DEFAULT_CONCURRENCY = (1, 2, 4, 8, 16, 32, 50)
#: Calls that an open loop may have in flight unless told otherwise.
OPEN_LOOP_CONCURRENCY = 64


def default_processes(sockets: int) -> int:
    """Return how many generators share ``sockets`` connections: one per core, but none without a connection."""
    return max(1, min(os.cpu_count() or 1, sockets))


def checked(spec: StepSpec) -> StepSpec:
    """Return a step that can be run; ``processes`` 0 means the default.

    Raises:
        UnknownNameError, CodecUnavailableError: the codec.
        UsageError: the codec cannot be sent, or numbers that do not go together.
    """
    if transport_of(spec.codec) == "none":
        raise UsageError(f"codec {spec.codec} is sent over no transport: there is no load to make with it")
    if spec.concurrency < 1 or spec.connections < 0 or spec.processes < 0:
        raise UsageError(f"{spec.id}: concurrency, connections and processes are counts: give 1 or more")
    if spec.loop == "open" and not 0 < spec.rate_per_s < float("inf"):
        raise UsageError(f"a rate of {spec.rate_per_s:g} calls per second cannot be sent: give a positive number")
    if spec.processes > spec.sockets:
        raise UsageError(
            f"{spec.id}: {spec.processes} processes cannot share {spec.sockets} connections: each needs one of its own"
        )
    return replace(spec, processes=spec.processes or default_processes(spec.sockets))


def check_limits(limits: StepLimits) -> StepLimits:
    """Return ``limits`` if they can be kept. Raises ``UsageError`` otherwise."""
    if limits.warmup_s < 0 or not limits.window_s > 0:
        raise UsageError("a window lasts longer than 0 s, and a warm-up not less than that")
    if not 1 <= limits.min_windows <= limits.max_windows:
        raise UsageError(f"from {limits.min_windows} to {limits.max_windows} windows is no range: give 1 or more")
    return limits


def load_step(
    clients: Clients, target: Target, spec: StepSpec, *, limits: StepLimits, seed: int, round_number: int = 0,
    keep: Callable[[LoadStep], object] = lambda _step: None,
) -> LoadStep:  # fmt: skip
    """Run one step in a fresh process of the codec's kind of client, give what came of it to ``keep``, and return it.

    A step that cannot be run at all has a ``failure``, in words; no error is raised for it.
    """
    longest_s = limits.warmup_s + limits.window_s * limits.most_windows + 4 * target.options.timeout_s + 2 * PREPARE_S
    try:
        return clients.of(spec.codec).keeping_within(
            longest_s, keep, run_step, spec, target.endpoint, target.options, limits,
            call=target.call, seed=seed, round_number=round_number,
        )  # fmt: skip
    except MeasureError as error:
        failed = LoadStep(spec, transport_of(spec.codec), round_number, failure=str(error))
        keep(failed)
        return failed


def sweep(
    clients: Clients,
    target: Target,
    specs: Iterable[StepSpec],
    *,
    limits: StepLimits | None = None,
    rounds: int = 1,
    seed: int = 0,
    listener: Listener | None = None,
    keep: Callable[[LoadStep], object] = lambda _step: None,
) -> tuple[LoadStep, ...]:
    """Run every step once per round and return them all, in the order of ``specs`` within each round.

    ``keep`` is called with every step when it has ended. A step that failed is not tried again.
    """
    limits, wanted = check_limits(limits or StepLimits()), [checked(spec) for spec in specs]
    say = listener or Silent()
    done: dict[tuple[int, StepSpec], LoadStep] = {}
    failed: set[StepSpec] = set()
    for number in range(rounds):
        todo = [spec for spec in shuffled(wanted, seed, number) if spec not in failed]
        say.phase(f"load, round {number + 1}", len(todo))
        for spec in todo:
            say.step(spec.id)
            step = load_step(clients, target, spec, limits=limits, seed=seed, round_number=number, keep=keep)
            done[number, spec] = step
            if step.failure:
                failed.add(spec)
                say.remark(f"{spec.id}: {step.failure}")
    return tuple(done[number, spec] for number in range(rounds) for spec in wanted if (number, spec) in done)
