"""Clients that each make one call at a time, in threads: any codec, any transport, closed loop or open.

They send with the same transports, and encode and decode with the same codecs, as the end-to-end runs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from serlab.codecs.base import Body, Call, Codec, Tensors
from serlab.errors import CodecError, TransportError
from serlab.measure.endtoend import timed_call
from serlab.measure.load.outcome import Failure, Tally, failure_code, nobody_answered
from serlab.measure.load.pace import Pace
from serlab.records.endtoend import CallSample
from serlab.transports.base import Transport

T = TypeVar("T")

#: A client whose server is gone tries again this often: a closed loop would otherwise measure how fast connections
#: can be refused.
RETRY_S = 0.05
#: Longer waits than this are slept in pieces, so that the end of a step need not wait for a rare call.
_NAP_S = 0.1


@dataclass(frozen=True, slots=True)
class Work:
    """What a client does per call: send ``body`` as it is, or encode ``tensors``, send, decode."""

    codec: Codec
    tensors: Tensors
    call: Call
    body: Body | None

    def do(self, transport: Transport) -> CallSample:
        """Make one call. Raises what the transport and the codec raise."""
        if self.body is None:
            return timed_call(transport, self.codec, self.tensors, self.call)
        begin = time.perf_counter()
        transport.send(self.body)
        exchange_s = time.perf_counter() - begin
        return CallSample(0.0, exchange_s, 0.0, exchange_s)


class Lane:
    """A connection and the right to use it: gRPC carries several calls at once, HTTP/1.1 one after the other."""

    def __init__(self, transport: Transport, *, shared: bool, timeout_s: float) -> None:
        self._transport = transport
        self._lock = None if shared else threading.Lock()
        self._timeout_s = timeout_s

    def do(self, work: Work) -> tuple[float, bool, CallSample]:
        """Return when the call got its connection, whether it had to wait for it, and the call's ledger.

        Raises:
            TransportError: no answer, or no connection within the time limit of a call.
        """
        if self._lock is None:
            return time.perf_counter(), False, work.do(self._transport)
        waited = not self._lock.acquire(blocking=False)
        if waited and not self._lock.acquire(timeout=self._timeout_s):
            raise TransportError(f"no connection was free within {self._timeout_s:g} s", code="TIMEOUT")
        try:
            return time.perf_counter(), waited, work.do(self._transport)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


class Clients:
    """``concurrency`` threads over ``lanes``; each takes the next call that is due as soon as it is free."""

    def __init__(self, work: Work, lanes: Sequence[Lane], concurrency: int, pace: Pace, tally: Tally) -> None:
        self._work, self._lanes, self._pace, self._tally = work, lanes, pace, tally
        self._stopped = threading.Event()
        self.trouble = ""
        self._threads = [
            threading.Thread(target=self._run, args=(lanes[number % len(lanes)],), daemon=True)
            for number in range(concurrency)
        ]

    def start(self) -> None:
        """Begin to call."""
        for thread in self._threads:
            thread.start()

    def stop(self, end: float, patience_s: float) -> int:
        """Let the calls in flight end, for ``patience_s`` at most; return how many due by ``end`` were not sent."""
        self._stopped.set()
        unsent = self._pace.close(end)
        deadline = time.perf_counter() + patience_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.perf_counter()))
        return unsent

    @property
    def running(self) -> int:
        """Clients that still wait for an answer."""
        return sum(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """Close the connections; calls that hang on them end."""
        for lane in self._lanes:
            lane.close()

    def _run(self, lane: Lane) -> None:
        try:
            while (due := self._pace.take(now := time.perf_counter())) is not None:
                # Whoever takes a call after its time was busy until now, as was every other client.
                if not self._wait_until(due):
                    return
                self._call(lane, due, busy=due < now)
        except Exception as error:
            self.trouble = f"a client of the generator failed: {error!r}"
            raise

    def _wait_until(self, due: float) -> bool:
        """Sleep until the call is due; False when the step ends before."""
        while (ahead := due - time.perf_counter()) > 0:
            if self._stopped.is_set():
                return False
            time.sleep(min(ahead, _NAP_S))
        return True

    def _call(self, lane: Lane, due: float, *, busy: bool) -> None:
        started = time.perf_counter()
        try:
            sent, waited, ledger = lane.do(self._work)
        except (TransportError, CodecError) as error:
            ended, code = time.perf_counter(), failure_code(error)
            self._tally.failed(Failure(due, started, ended, float(busy), code, str(error)))
            if nobody_answered(code):
                self._stopped.wait(max(0.0, started + RETRY_S - ended))
            return
        ended, starved = time.perf_counter(), float(busy or waited)
        self._tally.succeeded((due, sent, ended, starved, ledger.encode_s, ledger.exchange_s, ledger.decode_s))


def together_in_threads(client: Callable[[T], object], things: Sequence[T]) -> None:
    """Call ``client`` with each of ``things`` in a thread of its own, all at once; raise what the first of them raised.

    A thread by itself would print its error and be missing from the figures.
    """
    with ThreadPoolExecutor(len(things)) as pool:
        for ended in [pool.submit(client, thing) for thing in things]:
            ended.result()


def lanes(open_one: Callable[[], Transport], count: int, *, shared: bool, timeout_s: float) -> list[Lane]:
    """Open ``count`` connections."""
    return [Lane(open_one(), shared=shared, timeout_s=timeout_s) for _ in range(count)]
