"""Work that knows no clock, such as gates and memory profiles: each kind of client does its own beside the others'."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TypeVar

from serlab.analysis.stats import grouped
from serlab.errors import MeasureError
from serlab.measure.process.interruption import SignalsHeld
from serlab.measure.process.parents import Parents
from serlab.measure.process.workers import Workers

Item = TypeVar("Item")
Found = TypeVar("Found")

#: How long a signal waits at most while nothing ends.
_PATIENCE_S = 0.2


def side_by_side(
    parents: Parents,
    items: Sequence[Item],
    codec_of: Callable[[Item], str],
    work: Callable[[Workers, Item], Found],
    take: Callable[[Item, Found | MeasureError], object],
) -> None:
    """Do ``work`` for every item in its codec's parent, one at a time in each; ``take`` gets what came of each, here.

    After an interruption the work that is under way ends and is taken too, and no other begins.
    """
    kinds = grouped(items, lambda item: parents.kind(codec_of(item)))
    if not kinds:
        return
    for own in kinds.values():
        # Here, for a warm process dies with the thread that started it (prctl(2), PR_SET_PDEATHSIG).
        parents.of(codec_of(own[0])).start()
    stopped = threading.Event()
    ended: SimpleQueue[tuple[Item, Found | MeasureError] | None] = SimpleQueue()

    def do(own: Sequence[Item]) -> None:
        try:
            for item in own:
                if stopped.is_set():
                    return
                try:
                    ended.put((item, work(parents.of(codec_of(item)), item)))
                except MeasureError as error:
                    ended.put((item, error))
        finally:
            ended.put(None)

    left = len(kinds)
    with ThreadPoolExecutor(left) as pool:
        futures = [pool.submit(do, own) for own in kinds.values()]
        try:
            while left:
                left -= _taken(ended, take)
        finally:
            stopped.set()
            while left:
                left -= _taken(ended, take)
        for future in futures:
            future.result()


def _taken(
    ended: SimpleQueue[tuple[Item, Found | MeasureError] | None], take: Callable[[Item, Found | MeasureError], object]
) -> bool:
    """Take what has ended next; return whether it is a kind's last. No signal comes between its end and the taking."""
    while True:
        with SignalsHeld():
            try:
                found = ended.get(timeout=_PATIENCE_S)
            except Empty:
                continue
            if found is not None:
                take(*found)
            return found is None
