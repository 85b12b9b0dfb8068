"""Locust's workers with the lab's users, distributed on this machine and by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serlab.analysis.load import histogram
from serlab.errors import UsageError
from serlab.measure.load.locust.options import class_name
from serlab.measure.load.locust.run import sweep_with_locust
from serlab.payload import DEFAULT_SEED
from serlab.records.load import LoadReport, StepLimits, StepSpec
from serlab.records.store import list_runs

LOCUSTFILE = Path(__file__).parents[3] / "benches" / "locustfile.py"
PAYLOAD = "1x16:float32"
LIMITS = StepLimits(warmup_s=0.3, window_s=0.2, min_windows=3, max_windows=3)


@pytest.fixture(autouse=True)
def _locust_is_there() -> None:
    # Importing it would patch this process for gevent.
    from importlib.util import find_spec

    if find_spec("locust") is None:
        pytest.skip("Locust is not installed: pip install 'serlab[load]'")


def test_two_workers_share_the_users_and_report_every_call(start_server: Any) -> None:
    server = start_server(delay_s=0.002)
    (step,) = sweep_with_locust(
        server.target(), [StepSpec(PAYLOAD, "orjson", concurrency=4)], 2, limits=LIMITS, seed=DEFAULT_SEED
    )
    assert step.failure == ""
    assert (step.spec.generator, step.spec.processes, step.spec.concurrency) == ("locust", 2, 4)
    assert step.errors == {}
    assert step.calls > 20
    assert histogram.count(step.histogram) == step.calls
    assert step.attempts <= server.behaviour.answered
    # The first call, and a connection per user.
    assert server.behaviour.connections == 1 + 4
    assert step.exactness is not None
    assert step.exactness.exact
    assert step.encode_s is not None
    assert step.mean_s is not None
    assert step.mean_s >= 0.002


def test_rest_and_grpc_users_run_by_hand_and_leave_a_run(start_server: Any, tmp_path: Path) -> None:
    server = start_server(every_second_fails=True, delay_s=0.002)
    endpoint = server.target().endpoint
    command = [
        sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "-u", "4", "-r", "4", "-t", "60s",
        "--grpc", endpoint.grpc, "--rest", endpoint.rest, "--payload", PAYLOAD, "--warmup", "0.2", "--window", "0.2",
        "--windows", "5",
        "--results", str(tmp_path), "--exit-code-on-error", "0", "--loglevel", "WARNING", "OrjsonUser", "WireUser",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (run,) = list_runs(tmp_path)
    steps = {step.spec.codec: step for step in run.read_part("load", LoadReport, LoadReport()).steps}
    assert {codec: step.transport for codec, step in steps.items()} == {"orjson": "rest", "wire": "grpc"}
    assert [step.spec.concurrency for step in steps.values()] == [2, 2]
    assert steps["orjson"].calls > 0
    assert steps["wire"].calls > 0
    assert set(steps["orjson"].errors) == {"503"}
    assert set(steps["wire"].errors) == {"INTERNAL"}
    assert run.read_info().finished


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (StepSpec(PAYLOAD, "orjson", "open", 4, rate_per_s=10.0), "closed loop"),
        (StepSpec(PAYLOAD, "orjson", concurrency=4, connections=2), "connection each"),
    ],
)
def test_what_locusts_users_cannot_do_is_refused(start_server: Any, spec: StepSpec, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        sweep_with_locust(start_server().target(), [spec], 1, limits=LIMITS, seed=DEFAULT_SEED)


def test_no_server_is_a_failure_in_words(start_server: Any) -> None:
    server = start_server()
    server.stop()
    (step,) = sweep_with_locust(server.target(), [StepSpec(PAYLOAD, "orjson")], 1, limits=LIMITS, seed=DEFAULT_SEED)
    assert "nothing listens" in step.failure
    assert step.attempts == 0


def test_classes_are_named_after_their_codecs() -> None:
    assert [class_name(codec) for codec in ("orjson", "tensor-proto-values")] == ["OrjsonUser", "TensorProtoValuesUser"]
