from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHES = Path(__file__).resolve().parents[2] / "benches"


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


def test_the_embedded_servers_ratios_are_printed() -> None:
    pytest.importorskip("tensorflow")
    command = [sys.executable, str(BENCHES / "standin.py"), "--seconds", "0.1"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    for compared in (
        "Predict of 1 KB",
        "REST in   whole exchange",
        "REST out  whole exchange",
        "REST echo whole exchange",
    ):
        (line,) = [line for line in printed.splitlines() if compared in line]
        assert float(line.partition("ratio ")[2].split()[0]) > 0


def test_every_bench_script_has_a_test() -> None:
    assert {path.stem for path in BENCHES.glob("*.py")} - {"locustfile"} == {"encode", "decode", "standin"}
