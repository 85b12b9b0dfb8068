"""Ctrl-C, or another signal, in the middle of a measurement: what was measured until then is still worth telling."""

from __future__ import annotations

import signal
from types import TracebackType

from serlab.errors import EXIT_SIGNALLED


class Interruption:
    """A context manager that a signal ends early, without an error; ``signal`` is then its number, 0 otherwise."""

    def __init__(self) -> None:
        self.signal = 0

    def __enter__(self) -> Interruption:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if isinstance(error, KeyboardInterrupt):
            self.signal = int(signal.SIGINT)
        elif isinstance(error, SystemExit) and isinstance(error.code, int) and error.code > EXIT_SIGNALLED:
            self.signal = error.code - EXIT_SIGNALLED
        return bool(self.signal)
