from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serlab.connection import TransportOptions
from serlab.errors import ServingError, UnknownNameError, UsageError
from serlab.records.secret import Secret
from serlab.serving.base import ServingOptions, check_models, model_config
from serlab.serving.registry import parse_serving


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
