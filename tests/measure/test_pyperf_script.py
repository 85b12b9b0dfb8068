from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from serlab.measure import pyperf_script
from serlab.measure.calls import Subject
from serlab.measure.process.workers import Workers
from serlab.records.run import Case

BENCHES = Path(__file__).resolve().parents[2] / "benches"


def time_case(workers: Workers, output: Path, loops: int = 10) -> tuple[int, float]:
    case = Case("vector-1k", "raw", "encode")
    return workers.call(
        pyperf_script.time_case,
        case,
        Subject("vector-1k", 1),
        5,
        loops=loops,
        values=2,
        min_value_s=0.001,
        output=output,
    )


def test_one_worker_is_one_pyperf_run_labelled_with_the_parts_of_its_case(tmp_path: Path) -> None:
    output = tmp_path / "run.json"
    with Workers(["raw"]) as workers:
        loops, call_s = time_case(workers, output)
    document = json.loads(output.read_text())
    (benchmark,) = document["benchmarks"]
    (run,) = benchmark["runs"]
    assert (loops, len(run["values"]), len(run["warmups"])) == (10, 2, 1)
    assert call_s == run["values"][-1] > 0
    labels = {**document["metadata"], **benchmark.get("metadata", {}), **run.get("metadata", {})}
    assert labels["name"] == "encode/vector-1k/raw"
    assert labels["serlab_payload"] == "vector-1k"
    assert labels["serlab_codec"] == "raw"
    assert labels["serlab_op"] == "encode"
    assert labels["serlab_round"] == 5
    assert "serlab_form" not in labels


def test_without_loops_a_worker_calibrates_to_the_minimum_time_of_a_value(tmp_path: Path) -> None:
    output = tmp_path / "run.json"
    with Workers(["raw"]) as workers:
        loops, call_s = time_case(workers, output, loops=0)
    assert loops > 1
    assert loops * call_s >= 0.001


@pytest.mark.parametrize("op", ["encode", "decode"])
def test_the_scripts_run_by_hand_under_pyperfs_own_manager(op: str, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    command = [sys.executable, str(BENCHES / f"{op}.py"), "--payload", "vector-1k", "--codec", "raw,orjson",
               "-p", "1", "-n", "1", "--min-time", "0.001", "-q", "-o", str(output)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    shown = subprocess.run(
        [sys.executable, "-m", "pyperf", "show", str(output)], check=True, capture_output=True, text=True
    )
    assert f"{op}/vector-1k/raw" in shown.stdout
    assert f"{op}/vector-1k/orjson" in shown.stdout


def test_every_bench_script_has_a_test() -> None:
    assert {path.stem for path in BENCHES.glob("*.py")} - {"locustfile"} == {"encode", "decode"}
