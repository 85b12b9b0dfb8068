from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serlab.connection import TransportOptions
from serlab.errors import ServingError, UnknownNameError, UsageError
from serlab.records.secret import Secret
from serlab.serving import registry
from serlab.serving.base import ServingOptions, check_models, model_config
from serlab.serving.embedded import EmbeddedInstance
from serlab.serving.registry import choose, engine_answers, parse_serving


@pytest.mark.parametrize(
    ("serving", "kind"),
    [("embedded", "embedded"), ("binary", "binary"), ("docker", "docker"), ("h:1:2", "remote"), ("h::2", "remote")],
)
def test_a_spec_picks_its_kind(serving: str, kind: str) -> None:
    assert parse_serving(ServingOptions(serving=serving), {}).kind == kind


def test_embedded_is_the_default() -> None:
    assert parse_serving(ServingOptions(), {}).kind == "embedded"


def test_an_unknown_spec_lists_what_there_is() -> None:
    with pytest.raises(
        UnknownNameError, match="'tfs': choose from HOST:GRPC_PORT:REST_PORT, auto, binary, docker, embedded"
    ):
        parse_serving(ServingOptions(serving="tfs"), {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"serving": "embedded", "binary": "/x"}, "--serving-binary means nothing to --serving embedded"),
        ({"serving": "binary", "image": "x"}, "--serving-image means nothing to --serving binary"),
        ({"serving": "docker", "tls": True}, "--tls means nothing"),
        ({"serving": "docker", "client": TransportOptions(headers={"a": Secret("b")})}, "--header means nothing"),
        ({"serving": "embedded", "client": TransportOptions(ca="a.pem")}, "--ca means nothing"),
        ({"serving": "embedded", "client": TransportOptions(authority="a")}, "--authority means nothing"),
        ({"serving": "h:1:2", "flags": ("--x",)}, "server flags after -- means nothing"),
    ],
)
def test_options_a_kind_has_no_use_for_are_refused(options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_serving(ServingOptions(**options), {})


def test_choosing_a_kind_imports_none_of_the_slow_libraries() -> None:
    code = (
        "import sys\n"
        "from serlab.serving.registry import parse_serving\n"
        "from serlab.serving.base import ServingOptions\n"
        "for spec in ('embedded', 'binary', 'docker', 'h:1:2'): parse_serving(ServingOptions(serving=spec), {})\n"
        "print([name for name in ('tensorflow', 'grpc', 'docker') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_model_config_escapes_what_the_text_format_would_misread() -> None:
    assert model_config({"echo": '/a "b"\\c'}) == (
        'model_config_list {\n  config { name: "echo" base_path: "/a \\"b\\"\\\\c" model_platform: "tensorflow" }\n}\n'
    )


def test_servables_without_a_version_are_refused(tmp_path: Path) -> None:
    (tmp_path / "echo" / "latest").mkdir(parents=True)
    with pytest.raises(ServingError, match="servable echo has no version"):
        check_models({"echo": tmp_path / "echo"})
    with pytest.raises(ServingError, match="nothing to serve"):
        check_models({})
    (tmp_path / "echo" / "12").mkdir()
    check_models({"echo": tmp_path / "echo"})


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
