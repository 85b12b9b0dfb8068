"""What ``.tolist()`` costs: time under pyperf, memory under memray, and the process's own growth."""

from __future__ import annotations

import gc
import sys
import time
from itertools import repeat
from pathlib import Path
from typing import Any

import psutil
import pyperf

from serlab.analysis.stats import FEWEST
from serlab.codecs.base import Tensor
from serlab.measure.claims.lab import Lab, series
from serlab.measure.memory.capture import read_capture, track
from serlab.measure.process import allocator
from serlab.payload import parse_payload
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.records.run import Case
from serlab.records.scratch import Scratch
from serlab.records.suites import read_suite

TIMED, PROFILED = "batch-100", ("image", "batch-16")
#: A round takes some ten seconds, and the effect is large: as many as carry an interval.
MOST_ROUNDS = FEWEST


def measure(lab: Lab) -> Evidence:
    """Time the batch of 100 in fresh processes, and profile smaller payloads: memray records every object."""
    times: dict[str, dict[int, float]] = {"": {}, said.COLLECTOR_PAUSED: {}}
    growth: dict[int, float] = {}
    for number in range(min(lab.effort.rounds, MOST_ROUNDS)):
        for setting, values in times.items():
            with Scratch("tolist") as scratch:
                output = Path(scratch) / "run.json"
                answer = lab.of("json").call(
                    time_tolist, TIMED, lab.seed, collect=setting != said.COLLECTOR_PAUSED, output=output
                )
                lab.folder.add_timed("tolist", read_suite(output))
            values[number], growth[number] = answer
    lab.folder.write_suites()
    listed = [
        series(said.TIME, "s", values, codec=said.TOLIST, payload=TIMED, setting=name) for name, values in times.items()
    ]
    listed.append(series(said.RESIDENT, "ratio", growth, codec=said.TOLIST, payload=TIMED))
    for payload in PROFILED if lab.effort.large else PROFILED[:1]:
        capture = lab.folder.memory_folder / f"tolist--{payload}.bin"
        peak = lab.of("json").call(peak_of_tolist, payload, lab.seed, capture)
        listed.append(series(said.PEAK, "ratio", {0: peak}, codec=said.TOLIST, payload=payload))
    return Evidence("tolist", tuple(listed), {"pyperf suite": "time/tolist.json"})


def time_tolist(payload_spec: str, seed: int, *, collect: bool, output: Path) -> tuple[float, float]:
    """Be one pyperf worker: time ``.tolist()``, write the pyperf JSON to ``output``.

    ``collect`` leaves Python's garbage collector on, as it is in a client. Returns seconds, and how much a list kept
    grows the process's resident memory, in multiples of the payload.
    """
    allocator.settle()
    payload = parse_payload(payload_spec, seed=seed)
    tensor = payload.array()
    sys.argv = ["tolist.py", "--worker", "--worker-task=0", "--quiet", "--loops=1", "--values=1", "--warmups=0"]
    if not collect:
        gc.disable()

    def timed(loops: int) -> float:
        return _time(tensor, loops)

    name = f"tolist/{payload_spec}" + ("" if collect else "/collector paused")
    benchmark = pyperf.Runner().bench_time_func(name, timed)
    benchmark.dump(str(output), compact=True, replace=True)
    gc.disable()
    return float(benchmark.get_runs()[0].values[0]), _growth(tensor) / payload.raw_bytes


def peak_of_tolist(payload_spec: str, seed: int, capture: Path) -> float:
    """Be one fresh process that runs ``.tolist()`` under memray; return the peak in multiples of the payload."""
    payload = parse_payload(payload_spec, seed=seed)
    track(payload.array().tolist, capture)
    return (
        read_capture(Case(payload_spec, said.TOLIST, "encode"), payload.raw_bytes, capture).peak_bytes
        / payload.raw_bytes
    )


def _time(tensor: Tensor, loops: int) -> float:
    begin = time.perf_counter()
    for _ in repeat(None, loops):
        tensor.tolist()
    return time.perf_counter() - begin


def _growth(tensor: Tensor) -> int:
    process: Any = psutil.Process()
    before: int = process.memory_info().rss
    kept = tensor.tolist()
    after: int = process.memory_info().rss
    del kept
    return after - before
