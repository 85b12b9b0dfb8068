"""One process of load: prepares its clients, says so, calls when told to, and hands on what became of the calls."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Protocol

import msgspec

from serlab.analysis.words import counted
from serlab.errors import SerlabError
from serlab.measure.calls import Subject
from serlab.measure.load.clients import Clients, Work, lanes
from serlab.measure.load.http_lane import HttpLane
from serlab.measure.load.outcome import Batch, Tally
from serlab.measure.load.pace import Pace, make_pace
from serlab.measure.load.reactor import Reactor
from serlab.measure.load.verify import Verified, verify
from serlab.measure.process.warm import die_with_parent
from serlab.records.call import Call
from serlab.records.load import StepSpec
from serlab.records.run import Endpoint
from serlab.transports.base import NetworkTransport, TransportOptions
from serlab.transports.registry import open_transport
from serlab.transports.rest import RestTransport

#: How often outcomes are handed on; a divisor of a window's length, so that windows end with a batch.
BATCHES_PER_WINDOW = 4
#: A client whose server is gone connects again this often: recovery is then the server's, not the client's back-off.
RECONNECT_MS = 100
_SCRATCH_BYTES = 1 << 18


class Engine(Protocol):
    """Clients of one generator, as the process drives them."""

    trouble: str

    def start(self) -> None:
        """Begin to call."""

    def stop(self, end: float, patience_s: float) -> int:
        """Let the calls in flight end, for ``patience_s`` at most; return how many due by ``end`` were not sent."""

    @property
    def running(self) -> int:
        """Calls that are still in flight."""

    def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one generator needs: its share of the step, whom to call, and how often to report."""

    spec: StepSpec
    share: int
    endpoint: Endpoint
    options: TransportOptions
    call: Call | None
    seed: int
    round: int
    report_s: float


class Go(msgspec.Struct, frozen=True, tag="go"):
    """Begin at ``start`` (``time.perf_counter``); report first at ``first_report``."""

    start: float
    first_report: float


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Take no more calls; those due after ``end`` are nobody's."""

    end: float


def generate(job: Job, controller: Connection) -> None:
    """Be a generator: prepare, wait for ``Go``, call until ``Stop``, report throughout."""
    die_with_parent()
    try:
        work = prepare(job)
        first = verify(work, job.endpoint, job.options, echoes=not job.call) if job.share == 0 else Verified()
    except SerlabError as error:
        controller.send_bytes(msgspec.msgpack.encode(Verified(failure=str(error))))
        return
    controller.send_bytes(msgspec.msgpack.encode(first))
    go = msgspec.msgpack.decode(controller.recv_bytes(), type=Go)
    tally = Tally()
    engine = make_engine(job, work, make_pace(job.spec, f"{job.seed}/{job.round}", go.start, job.share), tally)
    _sleep_until(go.start)
    engine.start()
    tick, end = go.first_report, None
    while end is None:
        if controller.poll(max(0.0, tick - time.perf_counter())):
            end = msgspec.msgpack.decode(controller.recv_bytes(), type=Stop).end
        else:
            controller.send_bytes(_report(tally))
            tick += job.report_s
    patience_s = 2 * job.options.timeout_s + 1.0
    unsent = engine.stop(end, patience_s)
    hanging = engine.running
    trouble = engine.trouble or (f"{counted(hanging, 'call')} did not end within {patience_s:g} s" if hanging else "")
    controller.send_bytes(_report(tally, final=True, unsent=unsent, trouble=trouble))
    if not hanging:
        engine.close()


def prepare(job: Job) -> Work:
    """Build the tensors and, for a step of ready bodies, the body. Raises what the codec and the payload raise."""
    exchange = Subject(job.spec.payload, job.seed, job.call).exchange(job.spec.codec)
    codec, tensors, call = exchange.codec, exchange.tensors, exchange.call
    return Work(codec, tensors, call, codec.encode(tensors, call) if job.spec.pre_encoded else None)


def make_engine(job: Job, work: Work, pace: Pace, tally: Tally) -> Engine:
    """Return this generator's clients: one thread for REST bodies that are ready, a thread per call otherwise."""
    spec = job.spec
    concurrency, connections = _share(spec.concurrency, job), _share(spec.sockets, job)
    options = replace(job.options, reconnect_ms=RECONNECT_MS)
    rest = work.codec.transport == "rest"
    if rest and work.body is not None and not job.endpoint.rest_tls:
        with RestTransport(job.endpoint, work.call, options) as head:
            request, address = head.head(work.body) + work.body, head.address
        scratch = memoryview(bytearray(_SCRATCH_BYTES))
        several = [HttpLane(address, request, scratch, quickack=options.quickack) for _ in range(connections)]
        return Reactor(several, pace, tally, loop=spec.loop, timeout_s=options.timeout_s)

    def open_one() -> NetworkTransport:
        return open_transport(work.codec.transport, job.endpoint, work.call, options)

    opened = lanes(open_one, connections, shared=not rest, timeout_s=options.timeout_s)
    return Clients(work, opened, concurrency, pace, tally)


def _share(total: int, job: Job) -> int:
    """Return this generator's part of ``total``: the first ones take the remainder."""
    each, extra = divmod(total, job.spec.processes)
    return each + (job.share < extra)


def _report(tally: Tally, *, final: bool = False, unsent: int = 0, trouble: str = "") -> bytes:
    at, cpu = time.perf_counter(), time.process_time()
    samples, failures = tally.take()
    return msgspec.msgpack.encode(Batch(at, cpu, samples, failures, final, unsent, trouble))


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.perf_counter()))
