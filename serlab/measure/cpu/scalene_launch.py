"""Starts scalene as ``python -m scalene`` does, with two of its habits put right.

scalene imports TensorFlow where it is installed and traces every run with TensorFlow's own profiler, whether or not the
script uses it: seconds of start and threads of its own for codecs that have nothing to do with TensorFlow. The script
itself can still import it.

On Python 3.11 scalene takes native code for Python: a signal that came during a native call finds the frame at PRECALL,
which only that version has, and scalene knows calls by CALL alone.
"""

from __future__ import annotations

import argparse
import dis
import importlib
import os
import sys

#: scalene's own default (--allocation-sampling-window).
ALLOCATION_WINDOW_BYTES = 2**20


def main() -> None:
    """Run scalene with this process's arguments; does not return."""
    # A None in sys.modules makes an import fail as if the module were not installed.
    kept = sys.modules.pop("tensorflow", None)
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    importlib.import_module("scalene.scalene_tensorflow")
    del sys.modules["tensorflow"]
    if kept is not None:
        sys.modules["tensorflow"] = kept
    _preload()
    _know_precall()
    importlib.import_module("scalene.__main__").main()


def _know_precall() -> None:
    """Let scalene take PRECALL for a call, where there is one."""
    functions = importlib.import_module("scalene.scalene_funcutils").ScaleneFuncUtils
    name = "_ScaleneFuncUtils__call_opcodes"
    known = getattr(functions, name, None)
    if known is not None and "PRECALL" in dis.opmap:
        setattr(functions, name, known | {dis.opmap["PRECALL"]})


def _preload() -> None:
    """Start again with scalene's library preloaded, where it is not yet: else scalene would do so, without us."""
    preload = importlib.import_module("scalene.scalene_preload").ScalenePreload
    wanted = preload.get_preload_environ(
        argparse.Namespace(memory=True, allocation_sampling_window=ALLOCATION_WINDOW_BYTES, disable_jit=False)
    )
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        command = [sys.executable, "-m", __spec__.name, *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **wanted})


if __name__ == "__main__":
    main()
