"""The pyperf side of timing: what ``benches/encode.py`` and ``benches/decode.py`` run by hand.

There pyperf's own manager spawns the processes. ``serlab time`` instead times in fresh processes of its own, in
shuffled rounds (``timing``). Both time the same two loops below.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

import pyperf

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, ChunkedCodec, Codec, Tensors
from serlab.measure.apart import Apart, time_apart
from serlab.measure.calls import Exchange, Subject
from serlab.measure.cases import time_cases
from serlab.measure.process import allocator
from serlab.payload import DEFAULT_SEED
from serlab.records.run import Case, Op

DEFAULT_PAYLOADS = ("vector-1k", "vector-10k", "image")


def time_encode(loops: int, codec: Codec, tensors: Tensors, call: Call) -> float:
    """Return the seconds that ``loops`` calls of ``codec.encode`` take; the bodies are dropped as they come."""
    encode = codec.drain if isinstance(codec, ChunkedCodec) else codec.encode
    start = time.perf_counter()
    for _ in repeat(None, loops):
        encode(tensors, call)
    return time.perf_counter() - start


def time_decode(loops: int, codec: Codec, body: Body, call: Call) -> float:
    """Return the seconds that ``loops`` calls of ``codec.decode`` take."""
    decode = codec.decode
    start = time.perf_counter()
    for _ in repeat(None, loops):
        decode(body, call)
    return time.perf_counter() - start


class TimedCase:
    """The function that is timed for a case. Builds payload and body at its first call, in the worker itself.

    ``wrap`` puts something else in the codec's place.
    """

    def __init__(self, case: Case, subject: Subject, *, wrap: Callable[[Codec], Any] | None = None) -> None:
        self._case, self._subject, self._wrap = case, subject, wrap
        self._timed: Callable[[int], float] | None = None

    def __call__(self, loops: int) -> float:
        """Return the seconds that ``loops`` calls take."""
        if self._timed is None:
            self._timed = self._bind()
        return self._timed(loops)

    def apart(self, run_s: float, round_number: int) -> Apart:
        """Return the seconds of the step within calls that have no server (``measure.apart``)."""
        exchange, codec, call = self._parts
        return time_apart(
            codec, self._case.op, exchange.tensors, self._answer, call, run_s=run_s, round_number=round_number
        )

    @cached_property
    def _parts(self) -> tuple[Exchange, Any, Call]:
        exchange = self._subject.exchange(self._case.codec)
        return exchange, self._wrap(exchange.codec) if self._wrap else exchange.codec, exchange.call

    @cached_property
    def _answer(self) -> Body:
        """Writing a large one takes longer than reading it."""
        return self._parts[0].response(self._case.form)

    def _bind(self) -> Callable[[int], float]:
        exchange, codec, call = self._parts
        if self._case.op == "encode":
            return lambda loops: time_encode(loops, codec, exchange.tensors, call)
        body = self._answer
        return lambda loops: time_decode(loops, codec, body, call)


def main(op: Op) -> None:
    """Run the pyperf script for ``op``: every payload × codec, or those named with ``--payload`` and ``--codec``."""
    allocator.settle()
    runner = _runner()
    args = runner.parse_args()
    payloads = _list(args.payload) or list(DEFAULT_PAYLOADS)
    for case in time_cases(payloads, _list(args.codec) or registry.available(), [op]):
        bench(runner, case, Subject(case.payload, args.seed))


def bench(runner: pyperf.Runner, case: Case, subject: Subject, **metadata: Any) -> pyperf.Benchmark | None:
    """Time one case under ``runner``; its parts go into the metadata, so that no one has to parse its id."""
    return runner.bench_time_func(case.id, TimedCase(case, subject), metadata=labels(case, subject.seed, **metadata))


def labels(case: Case, seed: int, **more: Any) -> dict[str, Any]:
    """Return a case's parts as pyperf's metadata; what is None is left out."""
    parts = {"payload": case.payload, "codec": case.codec, "op": case.op, "form": case.form, "seed": seed, **more}
    return {f"serlab_{key}": value for key, value in parts.items() if value is not None}


def _runner() -> pyperf.Runner:
    runner = pyperf.Runner(add_cmdline_args=_pass_on)
    runner.argparser.add_argument("--payload", help="payload specs, separated by commas")
    runner.argparser.add_argument("--codec", help="codec names, separated by commas")
    runner.argparser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="seed of the payloads' values")
    return runner


def _pass_on(command: list[str], args: Namespace) -> None:
    """Give the workers the options that decide which cases there are, and in which order."""
    for option in ("payload", "codec", "seed"):
        if (value := getattr(args, option)) is not None:
            command += [f"--{option}", str(value)]


def _list(text: str | None) -> Sequence[str]:
    return [item for item in (text or "").split(",") if item]
