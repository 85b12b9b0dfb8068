"""``serlab serve``: the echo servable unless told otherwise, and mistakes explained before anything is started."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.command_line import serlab

pytest.importorskip("tensorflow")


def _serlab(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "serlab", "serve", *arguments]


def test_without_a_model_the_echo_is_served_until_ctrl_c() -> None:
    with subprocess.Popen(
        _serlab("--port=0", "--rest_api_port", "0"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdout
        ready = json.loads(server.stdout.readline())
        assert ready["pid"] == server.pid
        url = f"http://127.0.0.1:{ready['rest_port']}/v1/models/echo:predict"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(url, b'{"instances":[1.5]}'), timeout=60) as answer:
            assert json.load(answer) == {"predictions": [1.5]}
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0


@pytest.mark.parametrize("arguments", [["--model_name=gpt"], ["--model_name", "gpt"]])
def test_a_model_that_the_lab_does_not_have_is_told_before_a_server_is(arguments: list[str]) -> None:
    done = serlab("serve", *arguments)
    assert done.returncode == 2
    assert "unknown model of the lab 'gpt': choose from batched, bert, detector" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model_base_path=/m", "--prot=1"], "unknown flag --prot; did you mean --port?"),
        (["--model_base_path=/m", "--port=one"], "--port is a number, not 'one'"),
        (["--model_name=m", "--model_base_path=/nowhere", "--port=0"], "no versions of servable m found"),
    ],
)
def test_mistakes_exit_with_2_and_no_traceback(arguments: list[str], message: str) -> None:
    ended = subprocess.run(_serlab(*arguments), capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_config_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "models.config"
    arguments = _serlab(f"--model_config_file={missing}", "--rest_api_port=0", "--port=0")
    ended = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, str(missing) in ended.stderr) == (2, True)


def test_help_shows_the_flags_and_an_example() -> None:
    shown = serlab("serve", "--help").stdout
    assert "--model_config_file" in shown
    assert "Example: serlab serve" in shown
