"""Runs an export in a process of its own: the caller neither loads TensorFlow nor shows what it logs."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from serlab.errors import ServableError

#: What of the exporting process's words an error repeats.
_TAIL_LINES = 8
_REFUSED = 2


def apart(function: str, *arguments: str) -> Callable[[Path], None]:
    """Return an export that calls ``function`` ("module:name") with ``arguments`` and the version folder, elsewhere.

    The returned function raises ``ServableError`` with the process's last words where the export fails.
    """

    def export(path: Path) -> None:
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
        command = [sys.executable, "-m", "serlab.servable.apart", function, *arguments, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode == _REFUSED:
            raise ServableError(done.stderr.strip().splitlines()[-1])
        if done.returncode:
            tail = "".join(f"\n  {line}" for line in done.stderr.strip().splitlines()[-_TAIL_LINES:])
            raise ServableError(f"exporting with {function} failed (exit {done.returncode}):{tail}")

    return export


def main(function: str, *arguments: str) -> None:
    """Be the exporting process; the last argument is the version folder."""
    module, name = function.split(":")
    try:
        getattr(importlib.import_module(module), name)(*arguments[:-1], Path(arguments[-1]))
    except ServableError as error:
        print(str(error).replace("\n", " "), file=sys.stderr)
        sys.exit(_REFUSED)


if __name__ == "__main__":
    main(*sys.argv[1:])
