"""Starts the embedded server as a process of its own and stops it again."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from serlab.errors import ServingError

#: Importing TensorFlow takes seconds; a cold disk and a busy machine many of them.
START_TIMEOUT_S = 120.0
#: What a server gets to end by itself. Whoever stops it has ended its own calls: what is still in flight is nobody's.
STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server. A port is None where ``--port=-1`` or ``--rest_api_port=-1`` turned the protocol off."""

    host: str
    grpc_port: int | None
    rest_port: int | None
    pid: int
    version: str
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def start_embedded(
    *,
    model_name: str = "",
    model_base_path: Path | None = None,
    model_config_file: Path | None = None,
    flags: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    start_timeout_s: float = START_TIMEOUT_S,
) -> Iterator[EmbeddedServer]:
    """Run ``python -m serlab.embedded`` on free loopback ports for the length of the ``with`` block.

    Either ``model_name`` and ``model_base_path``, or ``model_config_file``. ``flags`` come after, so they override
    (``"--port=8500"``). The server lives in a session of its own, so the terminal's Ctrl-C does not reach it; it ends
    with the block, and if this process dies without leaving the block, it ends with the process.

    Raises:
        ServingError: the server ended before it answered (with what it wrote to stderr), or did not answer in time.
    """
    command = [sys.executable, "-m", "serlab.embedded", "--port=0", "--rest_api_port=0"]
    command.append("--serlab_follow_stdin")
    if threading.current_thread() is threading.main_thread():
        # The kernel takes the thread that starts a process for its parent: another one may well end before the block.
        command.append("--serlab_follow_parent")
    if model_name:
        command.append(f"--model_name={model_name}")
    if model_base_path is not None:
        command.append(f"--model_base_path={model_base_path}")
    if model_config_file is not None:
        command.append(f"--model_config_file={model_config_file}")
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        try:
            yield _wait_until_ready(process, log, start_timeout_s)
        finally:
            end_process(process)


def _wait_until_ready(process: subprocess.Popen[bytes], log: IO[bytes], timeout_s: float) -> EmbeddedServer:
    assert process.stdout is not None
    deadline = time.monotonic() + timeout_s
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            raise ServingError(f"the embedded server did not answer within {timeout_s:g} s:\n{_tail(log)}")
        chunk = os.read(process.stdout.fileno(), 4096)
        if not chunk:
            raise ServingError(
                f"the embedded server ended with code {process.wait()} before it answered:\n{_tail(log)}"
            )
        line += chunk
    ready = json.loads(line)
    return EmbeddedServer("127.0.0.1", ready["grpc_port"], ready["rest_port"], ready["pid"], ready["version"], process)


def _tail(log: IO[bytes], size: int = 4000) -> str:
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - size))
    text = log.read().decode(errors="replace").strip()
    # The server's own last word, without what TensorFlow had to say before.
    return text[text.rfind("\nerror: ") + 1 :] if "\nerror: " in text else text


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a server: SIGTERM, and SIGKILL after ``STOP_TIMEOUT_S`` or if waiting is interrupted."""
    try:
        process.terminate()
        if sys.platform != "win32":
            process.send_signal(signal.SIGCONT)  # one that was stopped takes no signal but this before it goes on
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        pass  # killed below
    finally:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()
