"""Batching on the server: a sweep of its two settings, within the graph or by TensorFlow Serving itself.

The sweep is a closed loop of single rows: so many calls in flight are what a batch can be made of.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from serlab.codecs import registry
from serlab.errors import MeasureError, UsageError
from serlab.measure.cases import shuffled
from serlab.measure.load.clients import together_in_threads
from serlab.measure.load.sweep import checked, load_step
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.parents import Clients
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.call import Call, TensorSpec
from serlab.records.deployment import Batcher, BatchingReport, BatchingStep, BatchSetting
from serlab.records.load import StepLimits, StepSpec
from serlab.records.run import Endpoint
from serlab.records.scratch import Scratch
from serlab.records.series import joined
from serlab.servable.batched import BATCHED_MODEL, FEATURES, INPUT, OUTPUT, OUTPUTS, ROWS, SETTINGS, signature_of
from serlab.serving.base import ServingOptions
from serlab.serving.registry import parse_serving
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

PAYLOAD = f"1x{FEATURES}:float32"
DEFAULT_CODEC = "wire"
DEFAULT_CONCURRENCY = 16
#: Calls per client that are asked how large their batch was.
_ASKED = 8
_PARAMETERS_FILE = "batching_parameters.txt"
#: Where the models of a docker instance lie, as its server sees them.
_IN_CONTAINER = "/models"


@dataclass(frozen=True, slots=True)
class BatchingSweep:
    """What is swept, how long, and who hears of it; ``keep`` gets every step, as a report of it alone."""

    settings: Sequence[BatchSetting] = SETTINGS
    codec: str = DEFAULT_CODEC
    concurrency: int = DEFAULT_CONCURRENCY
    rounds: int = 3
    limits: StepLimits = field(default_factory=StepLimits)
    seed: int = 0
    listener: Listener = field(default_factory=Silent)
    keep: Callable[[BatchingReport], object] = lambda _piece: None
    model: str = BATCHED_MODEL

    def run(
        self,
        batcher: Batcher,
        take: Callable[[BatchSetting | None, StepSpec, int, Callable[[BatchingStep], None]], object],
    ) -> BatchingReport:
        """Take every setting and the server without batching once per round, in shuffled order."""
        spec = checked(StepSpec(PAYLOAD, self.codec, concurrency=self.concurrency, processes=0))
        blank = BatchingReport(batcher, self.codec, self.concurrency)
        pieces = [blank]

        def keep(step: BatchingStep) -> None:
            pieces.append(replace(blank, steps=(step,)))
            self.keep(pieces[-1])

        for number in range(self.rounds):
            self.listener.phase(f"batching, round {number + 1}", 1 + len(self.settings))
            for setting in shuffled([None, *self.settings], self.seed, number):
                self.listener.step(str(setting or "without batching"))
                take(setting, spec, number, keep)
        return joined(pieces)


def measure_batching(clients: Clients, target: Target, sweep: BatchingSweep) -> BatchingReport:
    """Sweep in-graph batching on an instance that serves the batched model as ``sweep.model``.

    A step that fails has a ``failure`` in its record. The server should take ``concurrency`` calls at once.
    """

    def take(setting: BatchSetting | None, spec: StepSpec, number: int, keep: Callable[[BatchingStep], None]) -> None:
        calling = replace(target, call=batched_call(setting, model=sweep.model))
        rows = _mean_rows(clients, target, batched_call(setting, ROWS, model=sweep.model), spec)
        load_step(
            clients, calling, spec, limits=sweep.limits, seed=sweep.seed, round_number=number,
            keep=lambda step: keep(BatchingStep(setting, step, None if step.failure else rows)),
        )  # fmt: skip

    return sweep.run("graph", take)


def measure_server_batching(
    clients: Clients, serving: ServingOptions, options: TransportOptions, servable: Path, sweep: BatchingSweep
) -> BatchingReport:
    """Sweep TensorFlow Serving's own batching; a setting is a flag, so each one gets a server of its own, every round.

    Raises:
        UsageError: ``serving`` is no kind that has it; the embedded server does not.
        ServingError: a server cannot be started.
    """
    if serving.serving not in ("binary", "docker"):
        raise UsageError(
            f"--serving {serving.serving} cannot be started with --enable_batching: use binary or docker, or the "
            "batching that is part of the graph"
        )

    def take(setting: BatchSetting | None, spec: StepSpec, number: int, keep: Callable[[BatchingStep], None]) -> None:
        with Scratch("batching") as folder:
            Path(folder).chmod(0o755)  # the server in a container may run as another user
            base = Path(shutil.copytree(servable, Path(folder) / sweep.model))
            flags = batching_flags(setting, base, serving.serving) if setting else ()
            own = replace(serving, flags=(*serving.flags, *flags))
            with parse_serving(own, {sweep.model: base}) as endpoint:
                target = Target(endpoint, options, batched_call(None, model=sweep.model))
                load_step(
                    clients, target, spec, limits=sweep.limits, seed=sweep.seed, round_number=number,
                    keep=lambda step: keep(BatchingStep(setting, step)),
                )  # fmt: skip

    return sweep.run("server", take)


def batched_call(setting: BatchSetting | None, output: str = OUTPUT, *, model: str = BATCHED_MODEL) -> Call:
    """Return the call to the batched servable's signature for ``setting``."""
    read = TensorSpec("float32", (1, OUTPUTS)) if output == OUTPUT else TensorSpec("int32", (1,))
    row = TensorSpec("float32", (1, FEATURES))
    return Call(model, signature_of(setting), {INPUT: row}, {output: read}, picks_outputs=True)


def batching_parameters(setting: BatchSetting) -> str:
    """Return the text of TensorFlow Serving's ``--batching_parameters_file`` (session_bundle_config.proto)."""
    return (
        f"max_batch_size {{ value: {setting.max_batch_size} }}\n"
        f"batch_timeout_micros {{ value: {setting.timeout_micros} }}\n"
        "max_enqueued_batches { value: 100 }\n"
    )


def batching_flags(setting: BatchSetting, base: Path, kind: str) -> tuple[str, ...]:
    """Write the parameters beside the servable's versions, where the server sees them too, and return its flags."""
    file = base / _PARAMETERS_FILE
    file.write_text(batching_parameters(setting))
    seen = f"{_IN_CONTAINER}/{base.name}/{_PARAMETERS_FILE}" if kind == "docker" else str(file)
    return ("--enable_batching=true", f"--batching_parameters_file={seen}")


def _mean_rows(clients: Clients, target: Target, call: Call, spec: StepSpec) -> float | None:
    try:
        return clients.of(spec.codec).call(
            mean_rows, target.endpoint, target.options, spec.codec, call, spec.concurrency
        )
    except MeasureError:
        return None  # the step itself tells what is wrong with the server


def mean_rows(endpoint: Endpoint, options: TransportOptions, codec_name: str, call: Call, clients: int) -> float:
    """Be a process with as many clients as the load had, and ask in which size of batch each call was computed."""
    codec = registry.get(codec_name)
    body = codec.encode(parse_payload(PAYLOAD).build(call.inputs), call)
    sizes: list[float] = []
    together = threading.Barrier(clients)

    def client(transport: Any) -> None:
        together.wait()
        for _ in range(_ASKED):
            sizes.extend(codec.decode(transport.send(body), call)[ROWS].tolist())

    with ExitStack() as stack:
        transports = [
            stack.enter_context(open_transport(codec.transport, endpoint, call, options)) for _ in range(clients)
        ]
        together_in_threads(client, transports)
    if not sizes:
        raise MeasureError("no call was answered")
    return sum(sizes) / len(sizes)


def server_flags(flags: Iterable[str], concurrency: int) -> tuple[str, ...]:
    """Return ``flags`` with room for ``concurrency`` calls at once, unless they say themselves how many threads."""
    given = tuple(flags)
    wanted = {"--grpc_max_threads": 2 * concurrency, "--rest_api_num_threads": 2 * concurrency}
    named = {flag.partition("=")[0] for flag in given}
    return (*given, *(f"{name}={count}" for name, count in wanted.items() if name not in named))
