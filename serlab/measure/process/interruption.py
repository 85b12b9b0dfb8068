"""Ctrl-C, or another signal, in the middle of a measurement: what was measured until then is still worth telling."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

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


class SignalsHeld:
    """A context manager that holds back what would unwind this process, until what is within is done.

    A file that can be waited for: readable once a signal is held. Signals without a handler of Python's act as they do,
    and outside the main thread, which alone has handlers, nothing is held.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._held: list[int] = []

    def __enter__(self) -> SignalsHeld:
        self._read, self._write = os.pipe()
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                if number is not None and callable(signal.getsignal(number)):
                    self._before[number] = signal.signal(number, self._hold)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)
        if self._held:
            signal.raise_signal(self._held[0])

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._read

    def _hold(self, number: int, _frame: FrameType | None) -> None:
        self._held.append(number)
        os.write(self._write, b"!")
