"""Runs tasks in fresh processes, one at a time, so that no measurement sees what another left behind."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, ParamSpec, Protocol, TypeVar

import msgspec

from serlab.errors import MeasureError
from serlab.measure.process import tasks, warm
from serlab.measure.process.interruption import SignalsHeld
from serlab.records.scratch import Scratch

P = ParamSpec("P")
T = TypeVar("T")

#: TensorFlow's import alone takes 3–5 s on two cores; ten times that means that something hangs.
START_TIMEOUT_S = 120.0
#: What a worker's log shows when it died.
LOG_TAIL_LINES = 12
#: A task that takes longer than this hangs, unless more was asked for.
TASK_TIMEOUT_S = 600.0


class HasFileno(Protocol):
    """What can be waited for."""

    def fileno(self) -> int:
        """Return its descriptor."""
        ...


class Workers:
    """A context manager around one warm process; ``call`` calls a function in a process forked from it.

    ``python`` is another interpreter than this one; ``environment`` is added to this process's own.
    Unless ``eager`` it is started by the first call.
    ``codecs`` are loaded beforehand with the libraries they require, so that all of them start from one state.
    """

    def __init__(
        self,
        codecs: Iterable[str] = (),
        *,
        python: str = "",
        environment: Mapping[str, str] | None = None,
        eager: bool = True,
    ) -> None:
        self._codecs, self._eager = tuple(codecs), eager
        self._python, self._environment = python or sys.executable, dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Scratch | None = None

    def __enter__(self) -> Workers:
        self._folder = Scratch("workers")
        if self._eager:
            self._start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()
        if self._folder:
            self._folder.cleanup()

    def start(self) -> None:
        """Start the warm process unless it runs. It ends with the thread that started it."""
        if not self._process or self._process.poll() is not None:
            self._start()

    def of(self, _codec: str) -> Workers:
        """Return whose forks measure a codec: this process's, as those of ``Parents`` for whom kinds do not matter."""
        return self

    def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``function`` returns for these arguments in a fresh process.

        It is a function of a module; arguments and result are what ``tasks.encode`` takes.

        Raises:
            MeasureError: the function raised a SerlabError, its process died, or it took longer than 10 minutes.
        """
        return self.within(TASK_TIMEOUT_S, function, *args, **kwargs)

    def within(self, timeout_s: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``call``, with another time limit in seconds."""
        self._ask(function, args, kwargs)
        return self._answer(function, timeout_s, _readable([self._replies], timeout_s))

    def keeping(self, keep: Callable[[T], object], function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``call``, and give the answer to ``keep``: no signal comes between, and what was measured is not lost."""
        return self.keeping_within(TASK_TIMEOUT_S, keep, function, *args, **kwargs)

    def keeping_within(
        self, timeout_s: float, keep: Callable[[T], object], function: Callable[P, T], /,
        *args: P.args, **kwargs: P.kwargs,
    ) -> T:  # fmt: skip
        """As ``keeping``, with another time limit in seconds."""
        self._ask(function, args, kwargs)
        while True:
            with SignalsHeld() as held:
                ready = _readable([self._replies, held], timeout_s)
                if ready != [held]:
                    value = self._answer(function, timeout_s, ready)
                    keep(value)
                    return value

    def _ask(self, function: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.start()
        self._result.unlink(missing_ok=True)
        self._send(tasks.packed(function, args, kwargs, str(self._result), str(self._log)))

    def _answer(self, function: Callable[..., T], timeout_s: float, ready: Sequence[HasFileno]) -> T:
        """Return what ``function`` returned; nothing is ``ready`` where ``timeout_s`` went by without an answer."""
        name = function.__qualname__
        try:
            status = self._receive(timeout_s, ready)["status"]
        except MeasureError as error:
            self._stop()
            raise MeasureError(f"{name}: {error}{_tail(self._log)}") from None
        if status != 0 or not self._result.exists():
            how = f"killed by signal {-status}" if status < 0 else f"exit {status}"
            raise MeasureError(f"the worker for {name} died ({how}){_tail(self._log)}")
        answer = tasks.decode(self._result.read_bytes(), tasks.Answer)
        if answer.error is not None:
            raise MeasureError(answer.error, code=answer.code)
        value: T = tasks.decode(answer.value, tasks.result_type(function))
        return value

    @property
    def _result(self) -> Path:
        return Path(self._scratch) / "result"

    @property
    def _log(self) -> Path:
        return Path(self._scratch) / "log.txt"

    @property
    def _scratch(self) -> str:
        if not self._folder:
            raise MeasureError("workers are used outside their with block")
        return self._folder.name

    def _start(self) -> None:
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", **self._environment}
        log = Path(self._scratch) / "warm.txt"
        with log.open("wb") as sink:
            # A session of its own: Ctrl-C reaches the parent alone, which then decides what becomes of the workers.
            self._process = subprocess.Popen(
                [self._python, "-m", warm.__name__, *self._codecs],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env=environment,
                start_new_session=True,
            )
        try:
            self._receive(START_TIMEOUT_S, _readable([self._replies], START_TIMEOUT_S))
        except MeasureError as error:
            self._stop()
            raise MeasureError(f"the workers' process does not start: {error}{_tail(log)}") from None

    def _send(self, task: tasks.Task) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the reply that does not come tells
            message = msgspec.msgpack.encode(task)
            self._process.stdin.write(len(message).to_bytes(warm.LENGTH_BYTES, "big") + message)
            self._process.stdin.flush()

    def _receive(self, timeout_s: float, ready: Sequence[HasFileno]) -> dict[str, Any]:
        if not ready:
            raise MeasureError(f"no answer within {timeout_s:.0f} s")
        line = self._replies.readline()
        if not line:
            raise MeasureError("its process ended unexpectedly")
        reply: dict[str, Any] = json.loads(line)
        return reply

    @property
    def _replies(self) -> IO[bytes]:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout

    def _stop(self) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = None


def _readable(files: Sequence[HasFileno], timeout_s: float) -> list[HasFileno]:
    """Return those of ``files`` that can be read, waiting until one can; none after ``timeout_s``."""
    with selectors.DefaultSelector() as selector:
        for file in files:
            selector.register(file, selectors.EVENT_READ, file)
        return [key.data for key, _ in selector.select(timeout_s)]


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-LOG_TAIL_LINES:]
    return "".join(f"\n  {line}" for line in lines)
