"""The warm process: loads the codecs of a run once, then forks one fresh process per run.

A worker that needs TensorFlow would spend 3–5 s importing it, many times what it measures. Forking after the import
gives every run a process of its own, with the heap as it is right after the import, in some ten milliseconds; all
codecs of a run start from the same state. Nothing is measured in the warm process itself.

Speaks lines of JSON: a request {"task": "module:function", "args": {…}, "result": PATH, "log": PATH} on standard input,
a reply {"pid": …, "status": …} on standard output. Ends when its input does, or with its parent.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serlab.codecs import registry
from serlab.errors import SerlabError
from serlab.measure.process import allocator

#: Every worker needs these; importing them here keeps a worker's start small next to what it measures.
_MODULES = ("pyperf", "serlab.measure.pyperf_script", "serlab.measure.gate")

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends, however it ends; a no-op elsewhere than on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(codecs: Sequence[str]) -> None:
    """Load ``codecs`` with their libraries, say so, then fork a process per request line."""
    die_with_parent()
    for module in _MODULES:
        importlib.import_module(module)
    for codec in codecs:
        registry.get(codec)
    allocator.settle()
    # Python 3.12 warns of a fork in a process with threads; numpy's pool is the only one and survives it.
    warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
    _reply({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(request)
        _, status = os.waitpid(pid, 0)
        _reply({"pid": pid, "status": os.waitstatus_to_exitcode(status)})


def _reply(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _child(request: dict[str, Any]) -> None:
    die_with_parent()
    status = 1
    try:
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, null), (1, log), (2, log)):
            os.dup2(source, target)
        module, function = request["task"].split(":")
        try:
            answer = {"value": getattr(importlib.import_module(module), function)(**request["args"])}
        except SerlabError as error:
            answer = {"error": str(error)}
        Path(request["result"]).write_text(json.dumps(answer))
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
