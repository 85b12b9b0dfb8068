"""One thread, many HTTP/1.1 connections: the lightest client for a body that is ready.

A thread per connection would share one interpreter lock, and spend more on passing it around than on a call.
"""

from __future__ import annotations

import selectors
import threading
import time
from collections import deque

from serlab.measure.load.clients import RETRY_S
from serlab.measure.load.http_lane import HttpLane, LaneError
from serlab.measure.load.outcome import Failure, Tally, nobody_answered
from serlab.measure.load.pace import Pace
from serlab.records.load import Loop

#: How long the thread sleeps at most: within this it sees that the step has ended, and calls that have timed out.
_NAP_S = 0.05
_MOST_SELECTED = 900


class Reactor:
    """Keeps every one of ``lanes`` busy with the calls that are due."""

    def __init__(self, lanes: list[HttpLane], pace: Pace, tally: Tally, *, loop: Loop, timeout_s: float) -> None:
        self._lanes, self._pace, self._tally = lanes, pace, tally
        self._timeout_s = timeout_s
        # epoll's timeouts are whole milliseconds, which is late for a call that is due. select's are not, but it knows
        # no file descriptor above 1,023.
        precise = loop == "open" and len(lanes) <= _MOST_SELECTED
        self._selector = selectors.SelectSelector() if precise else selectors.DefaultSelector()
        self._free = deque(lanes)
        self._pausing: deque[tuple[float, HttpLane]] = deque()
        self._none_free_until = 0.0
        self._stopped = False
        self._checked = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.trouble = ""

    def start(self) -> None:
        """Begin to call."""
        self._thread.start()

    def stop(self, end: float, patience_s: float) -> int:
        """Let the calls in flight end, for ``patience_s`` at most; return how many due by ``end`` were not sent."""
        unsent = self._pace.close(end)
        self._stopped = True
        self._thread.join(patience_s)
        return unsent

    @property
    def running(self) -> int:
        """Calls that are still in flight."""
        return sum(lane.busy for lane in self._lanes) if self._thread.is_alive() else 0

    def close(self) -> None:
        """Close the connections."""
        for lane in self._lanes:
            lane.close()

    def _run(self) -> None:
        try:
            while not (self._stopped and not any(lane.busy for lane in self._lanes)):
                self._turn()
        except Exception as error:
            self.trouble = f"the generator failed: {error!r}"
            raise

    def _turn(self) -> None:
        now = time.perf_counter()
        while self._pausing and self._pausing[0][0] <= now:
            self._release(self._pausing.popleft()[1], now)
        nap_s = self._launch(now)
        for key, _ in self._selector.select(nap_s):
            self._step(key.data)
        if now - self._checked > _NAP_S:
            self._checked = now
            self._expire(now)

    def _launch(self, now: float) -> float:
        """Give the calls that are due to the lanes that are free; return how long nothing will be due."""
        while self._free:
            due = self._pace.peek(now)
            if due is None:
                return _NAP_S
            if due > now:
                return min(due - now, _NAP_S)
            self._pace.take(now)
            lane = self._free.popleft()
            lane.starved = due < self._none_free_until
            try:
                lane.begin(due, self._selector)
            except LaneError as error:
                self._fail(lane, error.code, str(error))
        return _NAP_S if not self._pausing else min(_NAP_S, max(0.0, self._pausing[0][0] - now))

    def _step(self, lane: HttpLane) -> None:
        try:
            done = lane.proceed(self._selector)
        except LaneError as error:
            self._fail(lane, error.code, str(error))
            return
        if done:
            ended = time.perf_counter()
            self._tally.succeeded((lane.due, lane.sent, ended, float(lane.starved), 0.0, ended - lane.sent, 0.0))
            self._release(lane, ended)

    def _fail(self, lane: HttpLane, code: str, message: str) -> None:
        ended = time.perf_counter()
        self._tally.failed(Failure(lane.due, lane.sent, ended, float(lane.starved), code, message))
        lane.give_up(self._selector)
        if nobody_answered(code):
            self._pausing.append((ended + RETRY_S, lane))
        else:
            self._release(lane, ended)

    def _release(self, lane: HttpLane, now: float) -> None:
        if not self._free:
            self._none_free_until = now
        self._free.append(lane)

    def _expire(self, now: float) -> None:
        for lane in self._lanes:
            if lane.busy and now - lane.sent > self._timeout_s:
                self._fail(lane, "TIMEOUT", f"no complete answer within {self._timeout_s:g} s")
