from __future__ import annotations

import gc
import runpy
import subprocess
import sys
from pathlib import Path

import pyperf
import pytest

BENCHES = Path(__file__).resolve().parents[2] / "benches"


@pytest.mark.parametrize("op", ["encode", "decode"])
def test_the_scripts_run_by_hand_under_pyperfs_own_manager(op: str, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    command = [sys.executable, str(BENCHES / f"{op}.py"), "--payload", "vector-1k", "--codec", "raw,orjson",
               "-p", "1", "-n", "1", "--min-time", "0.001", "-q", "-o", str(output)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    names = pyperf.BenchmarkSuite.load(str(output)).get_benchmark_names()
    assert names == [f"{op}/vector-1k/raw", f"{op}/vector-1k/orjson"]


def test_the_embedded_servers_ratios_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow")
    monkeypatch.setattr(sys, "argv", ["standin.py", "--seconds", "0.1"])
    runpy.run_path(str(BENCHES / "standin.py"), run_name="__main__")
    gc.unfreeze()
    printed = capsys.readouterr().out
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
