"""The warm process: loads the codecs of a run once, then forks one fresh process per run.

A worker that needs TensorFlow would spend 3–5 s importing it, many times what it measures. Forking after the import
gives every run a process of its own, with the heap as it is right after the import, in some ten milliseconds; all
codecs of a run start from the same state. Nothing is measured in the warm process itself.

Takes tasks on standard input, each a length of 4 bytes (big-endian) and a ``tasks.Task`` as MessagePack, and answers
each with a line of JSON, {"pid": …, "status": …}, on standard output. Ends when its input does, or with its parent.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from serlab.codecs import registry
from serlab.measure import chunks, endtoend, gate
from serlab.measure.process import allocator, tasks

LENGTH_BYTES = 4

#: Most tasks are of these: a worker that finds them imported, starts in milliseconds.
PRELOADED = (chunks, endtoend, gate)

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends, however it ends; a no-op elsewhere than on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(codecs: Sequence[str]) -> None:
    """Load ``codecs`` with their libraries, say so, then fork a process per request line."""
    die_with_parent()
    for codec in codecs:
        registry.get(codec)
    allocator.settle()
    # Python 3.12 warns of a fork in a process with threads; numpy's pool is the only one and survives it.
    warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
    _reply({"ready": True})
    while length := sys.stdin.buffer.read(LENGTH_BYTES):
        task = msgspec.msgpack.decode(sys.stdin.buffer.read(int.from_bytes(length, "big")), type=tasks.Task)
        pid = os.fork()
        if pid == 0:
            _child(task)
        _, status = os.waitpid(pid, 0)
        _reply({"pid": pid, "status": os.waitstatus_to_exitcode(status)})


def _reply(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _child(task: tasks.Task) -> None:
    die_with_parent()
    status = 1
    try:
        log = os.open(task.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, null), (1, log), (2, log)):
            os.dup2(source, target)
        Path(task.result).write_bytes(tasks.encode(tasks.perform(task)))
        status = 0
    except BaseException:  # noqa: BLE001  # nothing may unwind into the warm process's own stack
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # The exit handlers of the warm process are not the child's to run.
        os._exit(status)


if __name__ == "__main__":
    serve(sys.argv[1:])
