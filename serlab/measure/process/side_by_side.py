"""Work that knows no clock, such as gates and memory profiles: each kind of client does its own beside the others'."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from serlab.errors import MeasureError
from serlab.measure.process.parents import Parents
from serlab.measure.process.workers import Workers

Item = TypeVar("Item")
Found = TypeVar("Found")


def side_by_side(
    parents: Parents, items: Sequence[Item], codec_of: Callable[[Item], str], work: Callable[[Workers, Item], Found]
) -> Iterator[tuple[Item, Found | MeasureError]]:
    """Do ``work`` for every item in its codec's parent, one at a time in each, and yield what came of each as it ends.

    When nobody takes what is yielded any more, the work that is under way ends and no other begins.
    """
    kinds: dict[str, list[Item]] = {}
    for item in items:
        kinds.setdefault(parents.kind(codec_of(item)), []).append(item)
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

    with ThreadPoolExecutor(len(kinds)) as pool:
        futures = [pool.submit(do, own) for own in kinds.values()]
        try:
            left = len(futures)
            while left:
                if (found := ended.get()) is None:
                    left -= 1
                else:
                    yield found
        finally:
            stopped.set()
        for future in futures:
            future.result()
