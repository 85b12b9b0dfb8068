"""``--serving docker``: TensorFlow Serving's image, run by a Docker engine on this machine."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from serlab.errors import ServingError, needs
from serlab.records.run import Endpoint
from serlab.records.scratch import Scratch
from serlab.serving.base import DEFAULT_IMAGE, MODEL_OPTIONS, Instance, check_models, model_config
from serlab.serving.binary import EXECUTABLE, join_version, refuse_reserved
from serlab.serving.status import await_models

_LOOPBACK = "127.0.0.1"
_GRPC_PORT, _REST_PORT = 8500, 8501
_MODELS_FOLDER, _CONFIG_FILE = "/models", "/serlab/models.config"
#: Who started a container: a run that is killed outright leaves it behind, and the next run removes it.
OWNER_LABEL = "serlab.owner"
_LOG_LINES = 40


class DockerInstance(Instance):
    """Runs one container: ports published on loopback only, servables read-only, removed afterwards."""

    kind = "docker"
    spelling = "docker"
    uses = MODEL_OPTIONS | {"image", "flags"}

    def start(self, stack: ExitStack) -> Endpoint:
        """Return the endpoint once every model is available over both protocols."""
        refuse_reserved(self.options.flags)
        check_models(self.models)
        docker = _import_docker()
        image = self.options.image or DEFAULT_IMAGE
        client = _connect(docker, stack)
        try:
            _remove_orphans(docker, client)
            _ensure_image(docker, client, image)
            container = client.containers.create(image, **self._container_options(docker, stack))
            stack.callback(_remove, docker, container)
            container.start()
            container.reload()
            if container.status == "exited":
                raise _ended(container)
            grpc, rest = (_published(container, port) for port in (_GRPC_PORT, _REST_PORT))
            endpoint = Endpoint("docker", "", grpc, rest, _visible_pid(container))
            await_models(
                endpoint,
                self.models,
                timeout_s=self.options.start_timeout_s,
                check=lambda: _check_running(container),
            )
            return replace(endpoint, version=_version(container, image))
        except docker.errors.DockerException as error:
            raise ServingError(f"Docker could not run {image}: {error}") from error

    def _container_options(self, docker: Any, stack: ExitStack) -> dict[str, Any]:
        folder = Path(stack.enter_context(Scratch("docker")))
        config = folder / Path(_CONFIG_FILE).name
        config.write_text(model_config({name: f"{_MODELS_FOLDER}/{name}" for name in self.models}))
        # The engine may map the container's user to one that is not this one.
        folder.chmod(0o755)
        config.chmod(0o644)
        sources = {_CONFIG_FILE: config} | {f"{_MODELS_FOLDER}/{name}": path for name, path in self.models.items()}
        return {
            "entrypoint": [EXECUTABLE],
            "command": [
                f"--port={_GRPC_PORT}",
                f"--rest_api_port={_REST_PORT}",
                f"--model_config_file={_CONFIG_FILE}",
                *self.options.flags,
            ],
            # No host port: Docker chooses free ones.
            "ports": {f"{port}/tcp": (_LOOPBACK, None) for port in (_GRPC_PORT, _REST_PORT)},
            "mounts": [
                docker.types.Mount(target, str(path.resolve()), type="bind", read_only=True)
                for target, path in sources.items()
            ],
            "labels": {OWNER_LABEL: f"{socket.gethostname()}:{os.getpid()}"},
        }


def _import_docker() -> Any:
    needs("docker")
    import docker

    return docker


def _connect(docker: Any, stack: ExitStack) -> Any:
    """Return a client whose engine answers and is on this machine."""
    try:
        client = docker.from_env()
        stack.callback(client.close)
        client.ping()
    except docker.errors.DockerException as error:
        raise ServingError(
            f"no Docker engine answers: {error}. Start it and see that `docker info` works for this user (set "
            "DOCKER_HOST if the engine listens elsewhere), or use --serving binary, embedded, or a running server's "
            "address"
        ) from error
    url = urlsplit(client.api.base_url)
    if url.hostname == "ssh" or (
        url.scheme in ("http", "https") and url.hostname not in ("localhost", _LOOPBACK, "::1")
    ):
        raise ServingError(
            f"the Docker engine at {client.api.base_url} is another machine's, where neither the servables nor the "
            "loopback ports of this one exist: start the server there and use --serving HOST:GRPC_PORT:REST_PORT"
        )
    return client


def _ensure_image(docker: Any, client: Any, image: str) -> None:
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        try:
            client.images.pull(image)
        except docker.errors.DockerException as error:
            raise ServingError(
                f"cannot pull {image}: {error}. Check the name (--serving-image) and the network, or load the image "
                "with `docker load`"
            ) from error


def _remove_orphans(docker: Any, client: Any) -> None:
    """Remove the containers of runs on this machine that ended without removing theirs."""
    for container in client.containers.list(all=True, filters={"label": OWNER_LABEL}):
        host, _, pid = container.labels.get(OWNER_LABEL, "").rpartition(":")
        if host == socket.gethostname() and pid.isdigit() and not psutil.pid_exists(int(pid)):
            _remove(docker, container)


def _remove(docker: Any, container: Any) -> None:
    try:
        container.remove(force=True, v=True)
    except docker.errors.NotFound:
        pass  # already what was wanted
    except docker.errors.DockerException as error:
        raise ServingError(
            f"cannot remove container {container.name}: {error}. Remove it with `docker rm --force {container.name}`"
        ) from error


def _published(container: Any, port: int) -> str:
    bindings = (container.ports or {}).get(f"{port}/tcp") or []
    if not bindings:
        raise ServingError(f"Docker published no host port for {port} of container {container.name}")
    return f"{_LOOPBACK}:{bindings[0]['HostPort']}"


def _check_running(container: Any) -> None:
    container.reload()
    if container.status not in ("created", "running"):
        raise _ended(container)


def _ended(container: Any) -> ServingError:
    code = container.attrs.get("State", {}).get("ExitCode")
    log = container.logs(tail=_LOG_LINES).decode("utf-8", "replace").strip() or "(it wrote nothing)"
    return ServingError(f"the server in the container ended with code {code} before it was ready:\n{log}")


def _visible_pid(container: Any) -> int | None:
    """Return the server's process id if this machine's process table has it: not so where Docker runs in a VM."""
    pid = container.attrs.get("State", {}).get("Pid") or 0
    try:
        return pid if pid and psutil.Process(pid).name() == EXECUTABLE else None
    except psutil.Error:
        return None


def _version(container: Any, image: str) -> str:
    code, output = container.exec_run([EXECUTABLE, "--version"])
    told = join_version(output.decode("utf-8", "replace")) if code == 0 else "version not told"
    return f"{told}, image {image}"
