"""A server process of one's own: started in a session of its own, its output kept, stopped for certain."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from serlab.embedded.launcher import end_process
from serlab.errors import ServingError
from serlab.serving import die_with_parent

#: How much of a server's output an error quotes.
_TAIL_BYTES = 4000


class ServerProcess:
    """Runs ``command``; stdout and stderr go to ``log``.

    The session of its own keeps the terminal's Ctrl-C from reaching the server before the lab has stopped calling it.
    On Linux the kernel kills the server should this process die without stopping it.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._log = log
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """What the server ended with; None while it runs."""
        return self._process.poll()

    def output(self) -> str:
        """Return the end of what the server wrote."""
        return self._log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").strip() or "(it wrote nothing)"

    def check_alive(self) -> None:
        """Raise ``ServingError`` if the server has ended."""
        if self.exit_code is not None:
            raise ServingError(f"the server {_how_it_ended(self.exit_code)} before it was ready")

    def stop(self) -> None:
        """End the server, as ``end_process`` does."""
        end_process(self._process)


def _how_it_ended(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
