"""``--serving auto`` takes the most real instance that is here, says what would be more real, and fetches nothing."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from serlab.serving import registry
from serlab.serving.base import ServingOptions
from serlab.serving.embedded import EmbeddedInstance
from serlab.serving.registry import choose, engine_answers, parse_serving


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a server on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_real_server_on_the_path_is_taken_without_a_word(bare: Path) -> None:
    server = bare / "tensorflow_model_server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert choose(ServingOptions("auto")) == (ServingOptions("binary"), "")


def test_a_named_binary_or_image_decides(bare: Path) -> None:
    assert choose(ServingOptions("auto", binary="/opt/server"))[0].serving == "binary"
    assert choose(ServingOptions("auto", image="mine:1"))[0].serving == "docker"


@pytest.mark.parametrize(("engine", "words"), [(True, "--serving docker"), (False, "on PATH")])
def test_otherwise_the_embedded_one_with_one_line_on_what_is_more_real(bare: Path, engine: bool, words: str) -> None:
    chosen, line = choose(ServingOptions("auto", flags=("--x=1",)), lambda: engine)
    assert (chosen.serving, chosen.flags) == ("embedded", ("--x=1",))
    assert words in line
    assert "\n" not in line


@pytest.mark.parametrize("serving", ["embedded", "binary", "docker", "h:1:2", "nonsense"])
def test_what_was_asked_for_is_left_alone(bare: Path, serving: str) -> None:
    assert choose(ServingOptions(serving), lambda: True) == (ServingOptions(serving), "")


def test_an_engine_is_seen_by_its_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "s"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    assert not engine_answers()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        assert engine_answers()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{listening.getsockname()[1]}")
        assert engine_answers()
    for wrong in ("tcp://", "nonsense", "unix:///nowhere"):
        monkeypatch.setenv("DOCKER_HOST", wrong)
        assert not engine_answers()
    assert registry.AUTO == "auto"


def test_the_instance_that_was_chosen_is_opened_and_the_line_is_said_once(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry, "engine_answers", lambda: False)
    assert isinstance(parse_serving(ServingOptions("auto"), {}), EmbeddedInstance)
    told = capsys.readouterr()
    assert told.err.startswith("serlab: calling the embedded instance")
    assert (told.err.count("\n"), told.out) == (1, "")
    parse_serving(ServingOptions("embedded"), {})
    assert capsys.readouterr().err == ""
