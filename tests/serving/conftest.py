from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from serlab.records.run import Endpoint

HERE = Path(__file__).parent
CORPUS = HERE.parent / "data" / "serving-corpus"


@pytest.fixture(scope="session")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An executable that stands in for tensorflow_model_server."""
    path = tmp_path_factory.mktemp("bin") / "tensorflow_model_server"
    script = HERE / "model_server_standin.py"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {script} --standin_corpus={CORPUS} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    """One servable's base folder; the stand-in does not look into it."""
    base = tmp_path / 'ser"vable'
    (base / "1").mkdir(parents=True)
    return {"versions": base}


@dataclass(frozen=True)
class RunningServer:
    endpoint: Endpoint
    record: Path

    def seen(self) -> list[dict[str, Any]]:
        """What the server wrote down: its arguments, and every request's path and headers."""
        return [json.loads(line) for line in self.record.read_text().splitlines()]

    def serving(self, *, grpc: bool = True, rest: bool = True) -> str:
        """The ``--serving`` that names this server."""
        ports = [address.rpartition(":")[2] for address in (self.endpoint.grpc, self.endpoint.rest)]
        return f"127.0.0.1:{ports[0] if grpc else ''}:{ports[1] if rest else ''}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def await_listener(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the stand-in does not listen on {port}")


@pytest.fixture(scope="session")
def start_server(
    model_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., RunningServer]]:
    """Start a stand-in that serves the model ``versions`` until the tests end."""
    with ExitStack() as stack:

        def start(*flags: str, tls: bool = False) -> RunningServer:
            record = tmp_path_factory.mktemp("standin") / "record.jsonl"
            grpc_port, rest_port = free_port(), free_port()
            own = [f"--port={grpc_port}", f"--rest_api_port={rest_port}", f"--standin_record={record}"]
            process = subprocess.Popen([model_server, *own, *flags], stdout=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            endpoint = Endpoint("remote", "", f"127.0.0.1:{grpc_port}", f"127.0.0.1:{rest_port}", process.pid, tls)
            for port in (rest_port, grpc_port):
                await_listener(port, process)
            return RunningServer(endpoint, record)

        yield start


@pytest.fixture(scope="session")
def server(start_server: Callable[..., RunningServer]) -> RunningServer:
    return start_server()


@pytest.fixture
def corpus_models() -> dict[str, Path]:
    """A real SavedModel by name: ``serving_default`` takes and returns [?, 4] float32."""
    return {"echo": CORPUS / "models" / "echo"}
