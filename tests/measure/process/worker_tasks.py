"""Tasks for the tests of worker processes; imported in the worker as part of this folder."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serlab.errors import CodecError

COUNT = [0]


@dataclass(frozen=True, slots=True)
class Identity:
    pid: int
    count: int


@dataclass(frozen=True, slots=True)
class Parcel:
    path: Path
    numbers: tuple[float, ...]
    bodies: Mapping[str, bytes]
    sender: Identity | None


def identity() -> Identity:
    COUNT[0] += 1
    return Identity(os.getpid(), COUNT[0])


def pass_on(parcel: Parcel, *, note: str | None) -> tuple[Parcel, str | None]:
    return parcel, note


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


@dataclass(frozen=True, slots=True)
class Surroundings:
    hashed: int
    environment_bytes: int
    has_tensorflow: bool


def surroundings() -> Surroundings:
    return Surroundings(hash("serlab"), sum(map(len, os.environ.values())), "tensorflow" in sys.modules)


def signal_and_sleep(process: int, number: int, seconds: float) -> str:
    os.kill(process, number)
    time.sleep(seconds)
    return "measured"
