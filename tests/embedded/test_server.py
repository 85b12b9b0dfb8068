"""How the server process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

#: The server without models and protocols, and a thread that signals to itself once it waits.
_SERVER = """
import signal, sys, threading, time
from serlab.embedded import server

def start_rest(flags, core, shutdown):
    def signal_here():
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.Signals[sys.argv[1]])
        time.sleep(60)
    threading.Thread(target=signal_here, daemon=True).start()
    shutdown.callback(print, "shut down")
    return 1

server._load = lambda flags: None
server._greeting = lambda *_: ""
server._version = lambda: ""
server._start_rest = start_rest
sys.exit(server.main(["--port=-1", "--rest_api_port=0", "--model_name=m", f"--model_base_path={sys.argv[2]}"]))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_that_another_thread_receives_ends_the_server(name: str, tmp_path: Path) -> None:
    """The kernel chooses the thread; what the main thread waits for must not depend on it (signal(7))."""
    done = subprocess.run(
        [sys.executable, "-c", _SERVER, name, str(tmp_path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "shut down"), done.stderr
