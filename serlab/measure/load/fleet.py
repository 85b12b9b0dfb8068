"""The generator processes of a step, as their controller sees them: forked, told what to do, listened to."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from serlab.errors import MeasureError
from serlab.measure.load.gather import Outcomes
from serlab.measure.load.generator import Go, Job, Stop, generate
from serlab.measure.load.outcome import Batch
from serlab.measure.load.verify import Verified

#: What a report may be away from the moment it was asked for.
_SLACK_S = 0.05


@dataclass
class _Generator:
    """One process and what it has reported so far; ``lost`` says why it will report no more."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection
    batches: list[Batch] = field(default_factory=list)
    lost: str = ""

    @property
    def done(self) -> bool:
        return bool(self.lost) or bool(self.batches and self.batches[-1].final)

    def reported_until(self, moment: float) -> bool:
        return self.done or bool(self.batches and self.batches[-1].at >= moment - _SLACK_S)

    def receive(self) -> None:
        try:
            self.batches.append(msgspec.msgpack.decode(self.pipe.recv_bytes(), type=Batch))
        except (EOFError, ConnectionResetError):
            self.lost = "a generator process died; what it had reported until then is counted"

    def cores(self, start: float, end: float) -> float:
        marks = [batch for batch in self.batches if start - _SLACK_S <= batch.at <= end + _SLACK_S]
        if len(marks) < 2 or marks[-1].at <= marks[0].at:
            return 0.0
        return (marks[-1].cpu_s - marks[0].cpu_s) / (marks[-1].at - marks[0].at)


class Fleet:
    """All generators of a step."""

    def __init__(self, generators: list[_Generator]) -> None:
        self._generators = generators

    def await_ready(self, timeout_s: float) -> Verified:
        """Wait until every generator is prepared; return what the first one found out with its first call.

        Raises:
            MeasureError: one died, or took longer than ``timeout_s``.
        """
        answers = []
        deadline = time.perf_counter() + timeout_s
        for generator in self._generators:
            if not generator.pipe.poll(max(0.0, deadline - time.perf_counter())):
                raise MeasureError(f"a load generator was not ready within {timeout_s:.0f} s")
            try:
                answers.append(msgspec.msgpack.decode(generator.pipe.recv_bytes(), type=Verified))
            except EOFError:
                raise MeasureError("a load generator died before it could begin") from None
        return next((answer for answer in answers if answer.failure), answers[0])

    def tell(self, message: Go | Stop) -> None:
        """Send a message to every generator."""
        for generator in self._generators:
            try:
                generator.pipe.send_bytes(msgspec.msgpack.encode(message))
            except (BrokenPipeError, ConnectionResetError):
                generator.lost = generator.lost or "a generator process died"

    def listen(self, until: float, *, grace_s: float = 0.0) -> None:
        """Take in reports until the moment ``until``, and for up to ``grace_s`` more those that were sent by then."""
        while not self.done:
            now = time.perf_counter()
            complete = all(generator.reported_until(until) for generator in self._generators)
            if now >= until and (complete or now >= until + grace_s):
                return
            self._receive((until if now < until else until + grace_s) - now)

    def listen_to_the_end(self, timeout_s: float) -> None:
        """Take in reports until every generator has sent its last one, for ``timeout_s`` at most."""
        deadline = time.perf_counter() + timeout_s
        while not self.done and (left := deadline - time.perf_counter()) > 0:
            self._receive(left)
        for generator in self._generators:
            if not generator.done:
                generator.lost = f"a generator did not end within {timeout_s:.0f} s"

    @property
    def done(self) -> bool:
        """Whether no generator will report any more."""
        return all(generator.done for generator in self._generators)

    @property
    def unsent(self) -> int:
        """Calls that were due and not sent."""
        return sum(generator.batches[-1].unsent for generator in self._generators if generator.batches)

    @property
    def trouble(self) -> str:
        """What went wrong in the generators themselves."""
        told = [g.lost or (g.batches[-1].trouble if g.batches else "") for g in self._generators]
        return "; ".join(dict.fromkeys(filter(None, told)))

    def outcomes(self) -> Outcomes:
        """Return everything reported so far."""
        return Outcomes.of([batch for generator in self._generators for batch in generator.batches])

    def cores(self, start: float, end: float) -> list[float]:
        """Return each generator's CPU seconds per second between two moments, as far as reports tell."""
        return [generator.cores(start, end) for generator in self._generators]

    def _receive(self, timeout_s: float) -> None:
        by_pipe: Mapping[Any, _Generator] = {g.pipe: g for g in self._generators if not g.done}
        for pipe in multiprocessing.connection.wait(list(by_pipe), max(0.0, timeout_s)):
            by_pipe[pipe].receive()


@contextmanager
def forked(job: Job) -> Iterator[Fleet]:
    """Fork the generators of ``job``'s step; at the block's end none is left, whatever it was doing."""
    context = multiprocessing.get_context("fork")
    started: list[_Generator] = []
    try:
        for share in range(job.spec.processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=generate, args=(replace(job, share=share), theirs), daemon=True)
            process.start()
            theirs.close()
            started.append(_Generator(process, ours))
        yield Fleet(started)
    finally:
        for generator in started:
            generator.process.kill()
            generator.process.join()
            generator.pipe.close()
