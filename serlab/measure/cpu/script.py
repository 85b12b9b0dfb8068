"""The script that scalene profiles: one case over and over for some seconds, profiled only while it does.

Arguments: a case as JSON, a seed, seconds, and the file that takes the number of calls. Everything is imported and
built before the profile begins.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from typing import Any

# scalene puts this file's folder first; the modules beside it are not meant to be imported by their bare names.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

#: The clock is read once per batch of calls of about this length.
BATCH_S = 0.02


def bind(case: dict[str, Any], seed: int) -> Callable[[], Any]:
    """Return the call to profile: one encode or decode, as it is timed and as clients make it."""
    from serlab.measure.calls import Subject

    exchange = Subject(case["payload"], seed).exchange(case["codec"])
    codec, call = exchange.codec, exchange.call
    if case["op"] == "encode":
        return lambda: codec.encode(exchange.tensors, call)
    body = exchange.response(case["form"])
    return lambda: codec.decode(body, call)


def run(call: Callable[[], Any], seconds: float) -> int:
    """Call until ``seconds`` are over and return how often."""
    begin = time.perf_counter()
    call()
    batch = max(1, int(BATCH_S / max(time.perf_counter() - begin, 1e-7)))
    calls, end = 1, begin + seconds
    while time.perf_counter() < end:
        for _ in repeat(None, batch):
            call()
        calls += batch
    return calls


def main(case: str, seed: str, seconds: str, counted: str) -> None:
    """Warm up, profile, and write the number of profiled calls to ``counted``."""
    from scalene import scalene_profiler

    from serlab.measure.process import allocator

    allocator.settle()
    call = bind(json.loads(case), int(seed))
    call()
    scalene_profiler.start()
    calls = run(call, float(seconds))
    scalene_profiler.stop()
    Path(counted).write_text(str(calls))


if __name__ == "__main__":
    main(*sys.argv[1:])
