from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from serlab.embedded import launcher
from serlab.errors import ServingError, UsageError
from serlab.records.call import Call
from serlab.serving import die_with_parent
from serlab.serving.base import ServingOptions
from serlab.serving.binary import BinaryInstance, find_executable, free_ports, join_version
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

VERSIONS_CALL = Call("versions", "serving_default", {}, {})


@pytest.fixture
def record(tmp_path: Path) -> Any:
    return tmp_path / "record.jsonl"


@pytest.fixture
def instance(model_server: Path, models: dict[str, Path], record: Path) -> Any:
    def make(*flags: str, **options: Any) -> BinaryInstance:
        flags = (f"--standin_record={record}", *flags)
        return BinaryInstance(ServingOptions("binary", binary=str(model_server), flags=flags, **options), models)

    return make


def started(record: Path) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, record.read_text().splitlines()) if "argv" in line]


def gone(pid: int, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_the_started_server_answers_over_both_protocols(instance: Any, kind: str) -> None:
    with instance() as endpoint:
        assert endpoint.kind == "binary"
        with open_transport(kind, endpoint, VERSIONS_CALL, TransportOptions()) as transport:
            assert transport.send(b"Predict this") == b"Predict this"


def test_the_servers_own_version_is_recorded(instance: Any) -> None:
    with instance() as endpoint:
        assert endpoint.label == "binary (TensorFlow ModelServer 9.8.7-rc0, TensorFlow Library 9.8.6)"


def test_the_server_gets_the_servables_the_ports_and_the_users_flags(
    instance: Any, record: Path, models: dict[str, Path]
) -> None:
    with instance("--enable_batching", "--file_system_poll_wait_seconds=0") as endpoint:
        (start,) = started(record)
        flags = dict(flag.lstrip("-").partition("=")[::2] for flag in start["argv"])
        assert endpoint.grpc == f"127.0.0.1:{flags['port']}"
        assert endpoint.rest == f"127.0.0.1:{flags['rest_api_port']}"
        assert {"enable_batching", "file_system_poll_wait_seconds"} <= set(flags)
        config = Path(flags["model_config_file"]).read_text()
        assert 'name: "versions"' in config
        assert json.dumps(str(models["versions"])) in config, "an absolute path, its quote escaped"
        assert endpoint.pid == start["pid"], "the server itself, not what started it"


def test_nothing_is_left_after_the_block(instance: Any, record: Path) -> None:
    with instance() as endpoint:
        (config,) = re.findall(r"--model_config_file=(\S+)", " ".join(started(record)[0]["argv"]))
        folder = Path(config).parent
        assert folder.exists()
    assert not psutil.pid_exists(endpoint.pid)
    assert not folder.exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_server_is_stopped_when_the_block_ends_with_an_error(instance: Any, error: Any) -> None:
    def fail_within() -> None:
        with instance() as endpoint:
            pids.append(endpoint.pid)
            raise error

    pids: list[int] = []
    with pytest.raises(error):
        fail_within()
    assert not psutil.pid_exists(*pids)


def test_a_server_that_ignores_sigterm_is_killed(instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "STOP_TIMEOUT_S", 0.2)
    with instance("--standin_stubborn") as endpoint:
        pass
    assert not psutil.pid_exists(endpoint.pid)


def test_a_stopped_server_is_woken_to_end(instance: Any) -> None:
    with instance() as endpoint:
        os.kill(endpoint.pid, signal.SIGSTOP)
        process_of = psutil.Process(endpoint.pid)
    assert gone(process_of.pid)


def test_a_server_that_dies_in_the_block_is_no_error_at_its_end(instance: Any) -> None:
    with instance() as endpoint:
        os.kill(endpoint.pid, signal.SIGKILL)
        assert gone(endpoint.pid)


def test_a_server_that_fails_to_start_is_quoted(instance: Any) -> None:
    with (
        pytest.raises(
            ServingError, match=r"(?s)did not come up: the server ended with code 1 .*\[evhttp\] bad flag: frob"
        ),
        instance("--standin_fail=bad flag: frob"),
    ):
        pass


def test_a_server_that_never_gets_ready_is_stopped_after_the_time_limit(instance: Any, record: Path) -> None:
    with (
        pytest.raises(ServingError, match=r"(?s)not ready within 2 s: no REST API .*It wrote:\nrunning"),
        instance("--standin_hang", start_timeout_s=2),
    ):
        pass
    assert not psutil.pid_exists(started(record)[0]["pid"])


def test_a_model_that_does_not_load_is_quoted_at_once(instance: Any, record: Path) -> None:
    flags = ("--standin_state=END", "--standin_load_error=no such op: Frob")
    with pytest.raises(ServingError, match=r"could not load model versions: .*no such op: Frob"), instance(*flags):
        pass
    assert not psutil.pid_exists(started(record)[0]["pid"])


def test_a_port_taken_in_the_meantime_is_tried_again_with_others(instance: Any, record: Path, tmp_path: Path) -> None:
    with instance(f"--standin_clash={tmp_path / 'clashed'}") as endpoint:
        first, second = started(record)
        assert not psutil.pid_exists(first["pid"])
        assert endpoint.pid == second["pid"]
        assert set(first["argv"]) ^ set(second["argv"]) >= {f"--port={endpoint.grpc.rpartition(':')[2]}"}


@pytest.mark.parametrize("flag", ["--port=1", "-rest_api_port=2", "--model_config_file=x", "--ssl_config_file=y"])
def test_flags_that_are_serlabs_to_set_are_refused(instance: Any, flag: str, record: Path) -> None:
    with pytest.raises(UsageError, match="is serlab's to set"), instance(flag):
        pass
    assert not record.exists()


def test_a_missing_executable_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServingError, match=r"tensorflow_model_server is not on PATH: name it with --serving-binary"):
        find_executable("")
    (tmp_path / "data").write_text("not a program")
    with pytest.raises(ServingError, match="no such file, or not executable"):
        find_executable(str(tmp_path / "data"))


def test_the_executable_is_found_on_path(model_server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(model_server.parent))
    assert find_executable("") == str(model_server)


@pytest.mark.parametrize(
    ("script", "message"),
    [("#!/bin/sh\necho broken >&2; exit 3\n", "code 3: broken"), ("no format\0", "cannot run .*Exec format error")],
)
def test_an_executable_that_cannot_tell_its_version_is_quoted(
    tmp_path: Path, models: dict[str, Path], script: str, message: str
) -> None:
    path = tmp_path / "tensorflow_model_server"
    path.write_text(script)
    path.chmod(0o755)
    with pytest.raises(ServingError, match=message), BinaryInstance(ServingOptions("binary", str(path)), models):
        pass


@pytest.mark.parametrize(
    ("output", "version"),
    [("A: 1\nB: 2\n", "A 1, B 2"), ("2.20.0", "2.20.0"), ("", "unknown version")],
)
def test_versions_are_put_on_one_line(output: str, version: str) -> None:
    assert join_version(output) == version


def test_free_ports_are_distinct() -> None:
    assert len(set(free_ports(20))) == 20


PARENT = """
import sys, time
from pathlib import Path
from serlab.records.call import Call
from serlab.serving.base import ServingOptions
from serlab.serving.binary import BinaryInstance

options = ServingOptions("binary", binary=sys.argv[1])
with BinaryInstance(options, {"versions": Path(sys.argv[2])}) as endpoint:
    print(endpoint.pid, flush=True)
    for _ in range(600):  # not one long sleep: Python may miss a signal just before a system call until that returns
        time.sleep(0.1)
"""


def _as_from_a_terminal() -> None:
    """Heed the signals that nohup, or a shell's background, has its children ignore."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.mark.parametrize(
    "ending",
    [
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGINT,
        pytest.param(
            signal.SIGKILL,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent"),
        ),
    ],
)
def test_the_server_ends_with_the_program_that_started_it(
    model_server: Path, models: dict[str, Path], tmp_path: Path, ending: Any
) -> None:
    command = [sys.executable, "-c", PARENT, str(model_server), str(models["versions"])]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch)}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        preexec_fn=_as_from_a_terminal,
    ) as parent:
        pid = int(str(parent.stdout and parent.stdout.readline()))
        assert psutil.pid_exists(pid)
        parent.send_signal(ending)
        code = parent.wait(20)
    assert gone(pid)
    assert code == (128 + ending if ending in (signal.SIGTERM, signal.SIGHUP) else -ending)
    if ending != signal.SIGKILL:
        assert list(scratch.iterdir()) == [], "no temporary files are left"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_parent_that_is_already_gone_is_noticed(model_server: Path) -> None:
    script = str(die_with_parent.__file__)
    result = subprocess.run([sys.executable, "-I", "-S", script, "1", model_server], capture_output=True, text=True)
    assert result.returncode == 1
    assert "already ended" in result.stderr


def test_a_handler_the_program_has_set_stays(instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def handler(number: int, frame: Any) -> None:
        pass

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with instance():
            assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_default_handler_is_back_after_the_block(instance: Any) -> None:
    with instance():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.skipif(shutil.which("tensorflow_model_server") is None, reason="tensorflow_model_server is not on PATH")
def test_the_real_server(corpus_models: dict[str, Path]) -> None:
    with BinaryInstance(ServingOptions("binary"), corpus_models) as endpoint:
        assert "TensorFlow ModelServer" in endpoint.version
        with open_transport("rest", endpoint, Call("echo", "serving_default", {}, {})) as transport:
            assert json.loads(transport.send(b'{"instances": [[1, 2, 3, 4]]}')) == {"predictions": [[1, 2, 3, 4]]}
