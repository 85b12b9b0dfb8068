"""The part of the Docker SDK that is used, with containers that are processes of this machine."""

from __future__ import annotations

import signal
import socket
import subprocess
from types import SimpleNamespace
from typing import Any

from serlab.serving.docker_engine import OWNER_LABEL


class DockerException(Exception):  # noqa: N818  the SDK's name
    pass


class NotFound(DockerException):
    pass


class ImageNotFound(NotFound):
    pass


class FakeContainer:
    """A container whose server is a stand-in process of this machine, on ports that Docker "chose"."""

    def __init__(self, engine: Any, image: Any, options: Any) -> None:
        self.engine, self.image, self.options = engine, image, options
        self.labels = options.get("labels", {})
        self.name = f"container-{len(engine.containers_made)}"
        self.status, self.removed = "created", 0
        self.process: Any = None
        self.ports: dict[str, Any] = {}
        self.attrs: dict[str, Any] = {"State": {}}
        engine.containers_made.append(self)

    def start(self) -> None:
        self.engine.fail("start")
        mounts = {mount["Target"]: mount["Source"] for mount in self.options["mounts"]}
        command = [
            flag.replace("/serlab/models.config", mounts["/serlab/models.config"]) for flag in self.options["command"]
        ]
        published = {}
        for name, port in (("port", 8500), ("rest_api_port", 8501)):
            host, choice = self.options["ports"][f"{port}/tcp"]
            assert choice is None, "Docker chooses the host port"
            with socket.create_server((host, 0)) as listener:
                free = listener.getsockname()[1]
            command = [f"--{name}={free}" if flag == f"--{name}={port}" else flag for flag in command]
            published[f"{port}/tcp"] = [{"HostIp": host, "HostPort": str(free)}]
        self.process = subprocess.Popen([self.engine.executable, *command], stdout=subprocess.DEVNULL)
        self.chosen = published

    def reload(self) -> None:
        code = self.process.poll()
        self.status = "running" if code is None else "exited"
        self.ports = self.chosen if code is None and not self.engine.unpublished else {}
        self.attrs = {"State": {"Pid": self.process.pid, "ExitCode": code}}

    def logs(self, tail: Any) -> Any:
        return b"what the server wrote last"

    def exec_run(self, command: Any) -> Any:
        assert command == ["tensorflow_model_server", "--version"]
        return self.engine.version

    def remove(self, force: Any, v: Any) -> None:
        assert force
        assert v
        self.removed += 1
        self.engine.fail("remove")
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class FakeEngine:
    """The part of the Docker SDK that is used, and what goes wrong in it."""

    def __init__(self, executable: Any) -> None:
        self.executable = executable
        self.containers_made: list[Any] = []
        self.pulled: list[Any] = []
        self.failures: dict[str, Any] = {}
        self.present = True
        self.unpublished = False
        self.version = (0, b"TensorFlow ModelServer: 9.8.7\nTensorFlow Library: 9.8.6\n")
        self.closed = 0
        self.api = SimpleNamespace(base_url="http+docker://localhost")
        self.images = SimpleNamespace(get=self.get_image, pull=self.pull)
        self.containers = SimpleNamespace(
            create=lambda image, **options: FakeContainer(self, image, options), list=self.list_containers
        )

    def fail(self, step: Any) -> None:
        if step in self.failures:
            raise self.failures[step]

    def ping(self) -> None:
        self.fail("ping")

    def close(self) -> None:
        self.closed += 1

    def get_image(self, name: str) -> None:
        if not self.present:
            raise ImageNotFound(name)

    def pull(self, name: str) -> None:
        self.fail("pull")
        self.pulled.append(name)

    def list_containers(self, *, all: Any, filters: Any) -> Any:
        assert all
        assert filters == {"label": OWNER_LABEL}
        return list(self.containers_made)
