"""Tasks for the tests of worker processes; imported in the worker by this file's path on PYTHONPATH."""

from __future__ import annotations

import os
import signal
import time

from serlab.errors import CodecError

COUNT = [0]


def identity() -> dict[str, object]:
    COUNT[0] += 1
    return {"pid": os.getpid(), "count": COUNT[0]}


def refuse() -> None:
    raise CodecError("cannot carry this")


def crash() -> None:
    print("last words", flush=True)
    raise RuntimeError("a bug")


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def leave_early() -> None:
    raise SystemExit(0)
