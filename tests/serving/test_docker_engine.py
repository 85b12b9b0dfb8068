from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest

from serlab.errors import MissingExtraError, ServingError, UsageError
from serlab.records.call import Call
from serlab.serving.base import DEFAULT_IMAGE, ServingOptions
from serlab.serving.docker_engine import OWNER_LABEL, DockerInstance
from serlab.transports.registry import open_transport
from tests.serving.docker_standin import DockerException, FakeContainer, FakeEngine, ImageNotFound, NotFound


@pytest.fixture
def engine(model_server: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    engine = FakeEngine(model_server)
    module: Any = ModuleType("docker")

    def from_env() -> Any:
        engine.fail("connect")
        return engine

    module.from_env = from_env
    module.errors = SimpleNamespace(DockerException=DockerException, NotFound=NotFound, ImageNotFound=ImageNotFound)
    module.types = SimpleNamespace(
        Mount=lambda target, source, type, read_only: {
            "Target": target,
            "Source": source,
            "Type": type,
            "ReadOnly": read_only,
        }
    )
    monkeypatch.setitem(sys.modules, "docker", module)
    return engine


@pytest.fixture
def instance(engine: Any, models: dict[str, Path]) -> Any:
    def make(*flags: Any, image: Any = "", **options: Any) -> Any:
        return DockerInstance(ServingOptions("docker", image=image, flags=flags, **options), models)

    return make


VERSIONS_CALL = Call("versions", "serving_default", {}, {})


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_the_container_answers_over_both_protocols_on_loopback(instance: Any, kind: str) -> None:
    with instance() as endpoint:
        assert endpoint.kind == "docker"
        assert endpoint.grpc.startswith("127.0.0.1:")
        with open_transport(kind, endpoint, VERSIONS_CALL) as transport:
            assert transport.send(b"Predict this") == b"Predict this"


def test_ports_are_published_on_loopback_only_and_servables_are_read_only(
    instance: Any, engine: Any, models: dict[str, Path]
) -> None:
    with instance("--enable_batching"):
        options = engine.containers_made[0].options
        assert options["ports"] == {"8500/tcp": ("127.0.0.1", None), "8501/tcp": ("127.0.0.1", None)}
        assert {mount["Target"]: mount["ReadOnly"] for mount in options["mounts"]} == {
            "/models/versions": True,
            "/serlab/models.config": True,
        }
        assert str(models["versions"]) in [mount["Source"] for mount in options["mounts"]]
        assert options["entrypoint"] == ["tensorflow_model_server"]
        assert "--enable_batching" in options["command"]


def test_the_config_in_the_container_names_paths_of_the_container(instance: Any, engine: Any) -> None:
    with instance():
        mounts = {mount["Target"]: mount["Source"] for mount in engine.containers_made[0].options["mounts"]}
        with open(mounts["/serlab/models.config"]) as config:
            assert 'name: "versions" base_path: "/models/versions"' in config.read()


@pytest.mark.parametrize("image", ["", "tensorflow/serving:2.19.1-gpu"])
def test_the_image_is_pinned_unless_named_and_recorded_with_the_servers_version(
    instance: Any, engine: Any, image: str
) -> None:
    with instance(image=image) as endpoint:
        assert engine.containers_made[0].image == (image or DEFAULT_IMAGE)
        assert (
            endpoint.version
            == f"TensorFlow ModelServer 9.8.7, TensorFlow Library 9.8.6, image {image or DEFAULT_IMAGE}"
        )
    assert DEFAULT_IMAGE == "tensorflow/serving:2.20.0"


def test_a_version_that_cannot_be_asked_leaves_the_image(instance: Any, engine: Any) -> None:
    engine.version = (126, b"exec failed")
    with instance() as endpoint:
        assert endpoint.version == f"version not told, image {DEFAULT_IMAGE}"


def test_an_image_that_is_not_there_is_pulled(instance: Any, engine: Any) -> None:
    engine.present = False
    with instance():
        assert engine.pulled == [DEFAULT_IMAGE]


def test_the_container_is_removed_and_the_client_closed_after_the_block(instance: Any, engine: Any) -> None:
    with instance():
        container = engine.containers_made[0]
        assert container.removed == 0
    assert container.removed == 1
    assert engine.closed == 1
    assert container.process.poll() is not None


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_container_is_removed_when_the_block_ends_with_an_error(instance: Any, engine: Any, error: Any) -> None:
    with pytest.raises(error), instance():
        raise error
    assert engine.containers_made[0].removed == 1


def test_the_container_is_removed_when_its_server_fails_to_start(instance: Any, engine: Any) -> None:
    with (
        pytest.raises(ServingError, match=r"(?s)ended with code 1 before it was ready:\nwhat the server wrote last"),
        instance("--standin_fail=no such flag"),
    ):
        pass
    assert engine.containers_made[0].removed == 1


def test_the_container_is_removed_when_it_is_never_ready(instance: Any, engine: Any) -> None:
    with pytest.raises(ServingError, match=r"not ready within 0\.5 s"), instance("--standin_hang", start_timeout_s=0.5):
        pass
    assert engine.containers_made[0].removed == 1


@pytest.mark.parametrize("step", ["start", "pull"])
def test_what_docker_says_of_a_failure_is_quoted(instance: Any, engine: Any, step: str) -> None:
    engine.present = step != "pull"
    engine.failures[step] = DockerException("no space left on device")
    with pytest.raises(ServingError, match=f"{DEFAULT_IMAGE}.*no space left on device"), instance():
        pass
    assert [container.removed for container in engine.containers_made] == ([1] if step == "start" else [])


@pytest.mark.parametrize("step", ["connect", "ping"])
def test_no_engine_says_what_to_do(instance: Any, engine: Any, step: str) -> None:
    engine.failures[step] = DockerException("Error while fetching server API version: no such file: docker.sock")
    with (
        pytest.raises(ServingError, match=r"(?s)no Docker engine answers: .*docker\.sock.*`docker info`.*--serving"),
        instance(),
    ):
        pass


def test_without_the_sdk_the_extra_is_named(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)
    with (
        pytest.raises(MissingExtraError, match=r"pip install 'serlab\[docker\]'"),
        DockerInstance(ServingOptions("docker"), models),
    ):
        pass


@pytest.mark.parametrize("url", ["http://build-host:2375", "https://10.0.0.3:2376", "http+docker://ssh"])
def test_an_engine_on_another_machine_is_refused(instance: Any, engine: Any, url: str) -> None:
    engine.api.base_url = url
    with pytest.raises(ServingError, match="another machine's"), instance():
        pass
    assert engine.containers_made == []


def test_ports_that_were_not_published_are_an_error(instance: Any, engine: Any) -> None:
    engine.unpublished = True
    with pytest.raises(ServingError, match="published no host port for 8500"), instance():
        pass
    assert engine.containers_made[0].removed == 1


def test_a_container_that_is_already_gone_is_no_error(instance: Any, engine: Any) -> None:
    with instance():
        engine.failures["remove"] = NotFound("gone")
    engine.containers_made[0].process.kill()


def test_a_container_that_cannot_be_removed_is_named(instance: Any, engine: Any) -> None:
    with pytest.raises(ServingError, match="docker rm --force container-0"), instance():
        engine.failures["remove"] = DockerException("permission denied")
    engine.containers_made[0].process.kill()


def test_containers_of_runs_that_were_killed_are_removed_and_others_left(instance: Any, engine: Any) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = socket.gethostname()
    orphan, living, elsewhere = (
        FakeContainer(engine, "image", {"labels": {OWNER_LABEL: owner}})
        for owner in (f"{here}:{dead.pid}", f"{here}:{os.getpid()}", f"not-{here}:{dead.pid}")
    )
    with instance():
        assert [orphan.removed, living.removed, elsewhere.removed] == [1, 0, 0]
        assert engine.containers_made[-1].labels == {OWNER_LABEL: f"{here}:{os.getpid()}"}


@pytest.mark.parametrize(("name", "visible"), [("tensorflow_model_server", True), ("python3", False)])
def test_the_pid_is_given_only_where_it_is_the_servers(
    instance: Any, engine: Any, monkeypatch: pytest.MonkeyPatch, name: str, visible: bool
) -> None:
    monkeypatch.setattr(psutil.Process, "name", lambda self: name)
    with instance() as endpoint:
        assert endpoint.pid == (engine.containers_made[0].process.pid if visible else None)


def test_flags_that_are_serlabs_to_set_are_refused(instance: Any, engine: Any) -> None:
    with pytest.raises(UsageError, match="--port is serlab's to set"), instance("--port=9"):
        pass
    assert engine.containers_made == []


def docker_engine_answers() -> bool:
    try:
        import docker

        client = docker.from_env()
        try:
            return bool(client.ping()) and bool(client.images.list(DEFAULT_IMAGE))
        finally:
            client.close()
    except Exception:  # noqa: BLE001  # whatever it is, there is no engine to test with
        return False


@pytest.mark.skipif(not docker_engine_answers(), reason=f"no Docker engine with {DEFAULT_IMAGE} here")
def test_the_real_image(corpus_models: dict[str, Path]) -> None:
    with DockerInstance(ServingOptions("docker"), corpus_models) as endpoint:
        assert "TensorFlow ModelServer" in endpoint.version
        with open_transport("rest", endpoint, Call("echo", "serving_default", {}, {})) as transport:
            assert json.loads(transport.send(b'{"instances": [[1, 2, 3, 4]]}')) == {"predictions": [[1, 2, 3, 4]]}


def test_the_real_sdk_understands_the_options(models: dict[str, Path]) -> None:
    """The options are built for the fake and for the SDK alike: the SDK turns them into loopback bindings."""
    docker = pytest.importorskip("docker", reason="needs the Docker SDK for Python")
    from contextlib import ExitStack

    from docker.models.containers import _create_container_args

    with ExitStack() as stack:
        options = DockerInstance(ServingOptions("docker"), models)._container_options(docker, stack)
        created = _create_container_args({"image": "i", "version": "1.44", **options})
    host = created["host_config"]
    assert host["PortBindings"] == {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}] for port in (8500, 8501)}
    assert [mount["ReadOnly"] for mount in host["Mounts"]] == [True, True]
