"""Where output goes and signals come from: what a terminal cannot show is spelled out, a full disk is one line.

Used once, around the whole command line, so that no command has to think of it.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import signal
import sys
import threading
from types import FrameType

from serlab.errors import EXIT_SIGNALLED, OutputError

EXIT_USAGE = 2
#: As a shell counts a program that wrote to a pipe without a reader (SIGPIPE).
EXIT_CLOSED = 141

#: What a terminal shows that knows ASCII alone.
LOOKALIKES = {
    "×": "x", "÷": "/", "·": "-", "–": "-", "—": "-", "−": "-", "…": "...", "±": "+-", "µ": "u", "μ": "u", "≤": "<=",
    "≥": ">=", "≈": "~", "→": "->", "←": "<-", "’": "'", "‘": "'", "“": '"', "”": '"', "•": "*", "✓": "ok", "✗": "x",
    "∞": "inf", "²": "2", "³": "3", "█": "#", "▇": "#", "━": "-", "─": "-", "│": "|", "╸": "-", "╺": "-", "\u2009": " ",
    "\u202f": " ", "\xa0": " ",
}  # fmt: skip
_ERRORS = "serlab-lookalikes"


class _Output(io.TextIOWrapper):
    """Standard output. What cannot be written is an error of serlab's own, with which no library deals first."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise self._lost(error) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise self._lost(error) from error

    def _lost(self, error: OSError) -> OutputError:
        _discard(self)
        return OutputError(f"cannot write the output: {error.strerror}", unread=error.errno == errno.EPIPE)


class _Remarks(io.TextIOWrapper):
    """Standard error. Progress that nobody can see keeps no one from measuring."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:
            _discard(self)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            _discard(self)


def prepare() -> None:
    """Make standard output and error ready for anything, and let SIGTERM and SIGHUP unwind what runs."""
    for name in ("COLUMNS", "LINES"):
        if not os.environ.get(name, "1").strip("0"):  # a terminal of no width shows nothing, usage errors included
            del os.environ[name]
    codecs.register_error(_ERRORS, _spelled_out)
    for name, kind in (("stdout", _Output), ("stderr", _Remarks)):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this process
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 -- as long as the process
        elif type(stream) is io.TextIOWrapper:  # as Python made it
            encoding, lines = stream.encoding, stream.line_buffering
            setattr(sys, name, kind(stream.detach(), encoding, _ERRORS, line_buffering=lines))
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _unwind)


def complain(text: str) -> int:
    """Say on standard error what is wrong, and return the exit code for it."""
    print(f"serlab: {text}", file=sys.stderr)
    return EXIT_USAGE


def os_error_words(error: OSError) -> str:
    """Return what the operating system refused, in one line."""
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


def _discard(stream: io.TextIOWrapper) -> None:
    """Send what a stream still holds, and what comes, nowhere: it would fail again as the process ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _spelled_out(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(LOOKALIKES.get(character, "?") for character in found), error.end


def _unwind(number: int, _frame: FrameType | None) -> None:
    """End as after any error, so that nothing is left behind; a second signal does not disturb that."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(EXIT_SIGNALLED + number)
