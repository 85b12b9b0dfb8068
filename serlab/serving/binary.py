"""``--serving binary``: a real ``tensorflow_model_server`` on this machine.

The server listens for gRPC on all interfaces (it has no flag for the address), so its ports are reachable from the
network while it runs.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from serlab.errors import ServingError, UsageError
from serlab.records.run import Endpoint
from serlab.records.scratch import Scratch
from serlab.serving.base import MODEL_OPTIONS, Instance, check_models, model_config
from serlab.serving.process import ServerProcess
from serlab.serving.status import await_models

EXECUTABLE = "tensorflow_model_server"
_HOST = "127.0.0.1"
#: A free port can be taken by someone else between being found and being listened on.
_PORT_ATTEMPTS = 3
#: What the server writes when a port is taken; the second leaves it running, without REST.
_PORT_CLASHES = ("address already in use", "failed to buildandstart grpc server", "failed to start http server")
_VERSION_TIMEOUT_S = 60.0
#: Flags that serlab sets, or that would make the server something else than the endpoint says.
RESERVED_FLAGS = ("port", "rest_api_port", "model_config_file", "model_name", "model_base_path", "ssl_config_file")


class PortTakenError(ServingError):
    """Someone else took the port first."""


class BinaryInstance(Instance):
    """Starts the server on free ports and stops it with the run."""

    kind = "binary"
    spelling = "binary"
    uses = MODEL_OPTIONS | {"binary", "flags"}

    def start(self, stack: ExitStack) -> Endpoint:
        """Return the endpoint once every model is available over both protocols."""
        refuse_reserved(self.options.flags)
        check_models(self.models)
        executable = find_executable(self.options.binary)
        version = read_version([executable, "--version"])
        folder = Path(stack.enter_context(Scratch("binary")))
        config = folder / "models.config"
        config.write_text(model_config({name: str(path.resolve()) for name, path in self.models.items()}))
        command = [executable, f"--model_config_file={config}", *self.options.flags]
        for attempt in range(1, _PORT_ATTEMPTS):
            with suppress(PortTakenError):
                return self._run(command, folder / f"server-{attempt}.log", version, stack)
        return self._run(command, folder / "server.log", version, stack)

    def _run(self, command: Sequence[str], log: Path, version: str, stack: ExitStack) -> Endpoint:
        grpc_port, rest_port = free_ports(2)
        with ExitStack() as attempt:
            process = ServerProcess([*command, f"--port={grpc_port}", f"--rest_api_port={rest_port}"], log)
            attempt.callback(process.stop)
            endpoint = Endpoint("binary", version, f"{_HOST}:{grpc_port}", f"{_HOST}:{rest_port}", process.pid)
            try:
                await_models(
                    endpoint,
                    self.models,
                    timeout_s=self.options.start_timeout_s,
                    check=lambda: _check(process),
                )
            except PortTakenError:
                raise
            except ServingError as error:
                raise ServingError(f"{command[0]} did not come up: {error}\nIt wrote:\n{process.output()}") from error
            stack.push(attempt.pop_all())
        return endpoint


def _check(process: ServerProcess) -> None:
    output = process.output()
    if any(clash in output.lower() for clash in _PORT_CLASHES):
        raise PortTakenError(f"a port of the server was taken by another process:\n{output}")
    process.check_alive()


def find_executable(given: str) -> str:
    """Return the absolute path of the server. Raises ``ServingError`` where there is none to run."""
    found = shutil.which(given or EXECUTABLE)
    if found is not None:
        return str(Path(found).resolve())
    if given:
        raise ServingError(f"--serving-binary {given}: no such file, or not executable")
    raise ServingError(
        f"{EXECUTABLE} is not on PATH: name it with --serving-binary PATH, or use --serving docker or embedded"
    )


def read_version(command: Sequence[str]) -> str:
    """Return what the server says of its version, on one line. Raises ``ServingError`` where it cannot be run."""
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=True
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "it wrote nothing").strip()
        raise ServingError(f"{command[0]} --version ended with code {error.returncode}: {said}") from error
    except subprocess.TimeoutExpired as error:
        raise ServingError(f"{command[0]} --version did not end within {_VERSION_TIMEOUT_S:g} s") from error
    except OSError as error:
        raise ServingError(f"cannot run {command[0]}: {error.strerror}") from error
    return join_version(result.stdout)


def join_version(output: str) -> str:
    """Return the lines ``Name: version`` of ``--version`` as ``Name version, Name version``."""
    lines = [line.strip().replace(": ", " ", 1) for line in output.splitlines() if line.strip()]
    return ", ".join(lines) or "unknown version"


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback interface that nobody listens on right now."""
    with ExitStack() as stack:
        return [stack.enter_context(socket.create_server((_HOST, 0))).getsockname()[1] for _ in range(count)]


def refuse_reserved(flags: Iterable[str]) -> None:
    """Raise ``UsageError`` for a flag that serlab must set itself."""
    for flag in flags:
        name = flag.lstrip("-").partition("=")[0]
        if name in RESERVED_FLAGS:
            raise UsageError(f"--{name} is serlab's to set for a server that it starts: leave it out after --")
