"""The command line within the process of the tests: a fresh interpreter for each would cost a second."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from dataclasses import dataclass
from unittest import mock

import pytest

from serlab.__main__ import main


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def serlab(*arguments: str, **environment: str) -> Done:
    """Run a command as ``main`` does, with nothing of it left in this process: arguments, environment, signals.

    What its child processes print is not in the result.
    """
    out, err = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    with (
        mock.patch.object(sys, "argv", ["serlab", *arguments]),
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as end,
    ):
        main()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    assert isinstance(end.value.code, int)
    return Done(end.value.code, out.getvalue(), err.getvalue())
