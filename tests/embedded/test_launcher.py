"""The server process: how it starts, what it says when it cannot, and that it always ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from serlab.embedded import launcher, start_embedded
from serlab.errors import ServingError
from serlab.servable import ensure_echo

pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def echo() -> Path:
    return ensure_echo()


def _ends(pid: int, timeout_s: float = 60) -> bool:
    try:
        psutil.Process(pid).wait(timeout_s)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def _is_free(port: int | None) -> bool:
    assert port is not None
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_starting_and_stopping_leaves_no_process_and_no_port(echo: Path) -> None:
    """Also when an error ends the block; and the terminal's Ctrl-C, sent to a process group, is not for the server."""
    this = psutil.Process()
    children, files = this.children(recursive=True), this.num_fds()
    for fails in (False, True):
        try:
            with start_embedded(model_name="echo", model_base_path=echo) as server:
                assert server.process.poll() is None
                assert os.getpgid(server.pid) != os.getpgid(0)
                assert os.getsid(server.pid) != os.getsid(0)
                assert not _is_free(server.grpc_port)
                assert not _is_free(server.rest_port)
                assert 1 / (not fails)
        except ZeroDivisionError:
            assert fails
        assert server.process.returncode == 0
        assert _is_free(server.grpc_port)
        assert _is_free(server.rest_port)
    assert this.children(recursive=True) == children
    assert this.num_fds() == files


def test_a_stopped_server_is_woken_to_end_and_one_that_does_not_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    for ends, code in (("sys.exit(7)", 7), ("None", -signal.SIGKILL)):
        program = f"import signal, sys, time; signal.signal(15, lambda *_: {ends}); print(flush=True); time.sleep(600)"
        monkeypatch.setattr(launcher, "STOP_TIMEOUT_S", 60 if code > 0 else 0.2)
        process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        launcher.end_process(process)
        assert process.returncode == code


def test_flags_reach_the_server(echo: Path) -> None:
    grpc = pytest.importorskip("grpc")
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "echo"
    request.inputs["x"].dtype = 1
    request.inputs["x"].float_val.append(1.5)
    request.inputs["x"].tensor_shape.SetInParent()
    flags = ["--enable_serialization_as_tensor_content=true", "--rest_api_port=-1"]
    with start_embedded(model_name="echo", model_base_path=echo, flags=flags) as server:
        assert server.rest_port is None
        assert "TensorFlow" in server.version
        with grpc.insecure_channel(f"{server.host}:{server.grpc_port}") as channel:
            answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, 60).outputs["y"]
    assert (answer.tensor_content, list(answer.float_val)) == (np.float32(1.5).tobytes(), [])


def test_the_server_ends_when_its_parent_is_killed(echo: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom serlab.embedded import start_embedded\n"
        "with start_embedded(model_name='echo', model_base_path=Path(sys.argv[1])) as server:\n"
        "    print(server.pid, flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(echo)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    assert _ends(pid)


def _broken_model(folder: Path) -> Path:
    (folder / "m" / "1").mkdir(parents=True)
    (folder / "m" / "1" / "saved_model.pb").write_bytes(b"no protobuf")
    return folder / "m"


def _model_without_versions(folder: Path) -> Path:
    (folder / "m" / "latest").mkdir(parents=True)
    return folder / "m"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_broken_model, "model m did not become available: cannot load the SavedModel"),
        (_model_without_versions, "no versions of servable m found under base path"),
        (lambda folder: folder / "none", "no versions of servable m found under base path"),
    ],
    ids=["broken", "no version", "no folder"],
)
def test_a_model_that_cannot_be_served_is_explained(make: Callable[[Path], Path], message: str, tmp_path: Path) -> None:
    with (
        pytest.raises(ServingError, match="ended with code 2 before it answered") as raised,
        start_embedded(model_name="m", model_base_path=make(tmp_path)),
    ):
        pass
    assert f"\nerror: {message}" in str(raised.value)
    assert "Traceback" not in str(raised.value)


@pytest.mark.parametrize("flag", ["--port", "--rest_api_port"])
def test_a_port_in_use_is_named(echo: Path, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ServingError, match=f"cannot listen on 127.0.0.1:{port}"),
            start_embedded(model_name="echo", model_base_path=echo, flags=[f"{flag}={port}"]),
        ):
            pass


def test_a_flag_it_does_not_know_is_refused_by_name(echo: Path) -> None:
    with (
        pytest.raises(ServingError, match="unknown flag --enable_batching"),
        start_embedded(model_base_path=echo, flags=["--enable_batching=true"]),
    ):
        pass


def test_a_server_that_does_not_answer_in_time_is_given_up(echo: Path) -> None:
    children = psutil.Process().children(recursive=True)
    with (
        pytest.raises(ServingError, match=r"did not answer within 0\.01 s"),
        start_embedded(model_name="echo", model_base_path=echo, start_timeout_s=0.01),
    ):
        pass
    assert psutil.Process().children(recursive=True) == children


def test_an_address_beyond_loopback_is_announced_loudly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "serlab.embedded", "--port=0", "--rest_api_port=-1", "--host=0.0.0.0"]
    ended = subprocess.run(
        [*command, f"--model_base_path={tmp_path}"], capture_output=True, text=True, check=False, timeout=120
    )
    assert "WARNING: listening on 0.0.0.0, not on 127.0.0.1" in ended.stderr


def test_sigterm_lets_calls_in_flight_finish(slow_model: Path) -> None:
    grpc = pytest.importorskip("grpc")
    requests = pytest.importorskip("requests")
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    count = 1_000_000
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "slow"
    request.inputs["x"].dtype = 9
    request.inputs["x"].int64_val.append(count)
    request.inputs["x"].tensor_shape.SetInParent()
    answers: dict[str, Any] = {}
    with start_embedded(model_name="slow", model_base_path=slow_model) as server:

        def over_rest() -> None:
            url = f"http://{server.host}:{server.rest_port}/v1/models/slow:predict"
            answers["rest"] = requests.post(url, json={"inputs": count}, timeout=60).json()

        with grpc.insecure_channel(f"{server.host}:{server.grpc_port}") as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            thread = threading.Thread(target=over_rest)
            thread.start()
            in_flight = stub.Predict.future(request, 60)
            _wait_until_both_run(server.pid)
            assert not in_flight.done()
            server.process.send_signal(signal.SIGTERM)
            answers["grpc"] = in_flight.result().outputs["y"].int64_val[0]
            thread.join()
        assert server.process.wait(60) == 0
    assert answers == {"grpc": count, "rest": {"outputs": count}}


def _wait_until_both_run(pid: int) -> None:
    """Both calls have sent their few bytes long before the server has spent this much on counting."""
    server = psutil.Process(pid)
    began = server.cpu_times().user
    while server.cpu_times().user - began < 0.5:
        assert server.is_running()
