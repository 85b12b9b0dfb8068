"""Header values reach the server and nothing else: no file of a run, no page, no output, no copy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from serlab.records.store import list_runs
from tests.command_line import serlab

TOKEN = "SECRETTOKEN123"
STANDIN = Path(__file__).parents[2] / "serving" / "rest_standin.py"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A REST server with one model that refuses Predict calls by quoting the header it was sent."""
    process = subprocess.Popen([sys.executable, STANDIN], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"127.0.0.1::{json.loads(process.stdout.readline())['port']}"
    process.kill()
    process.wait()


COMMANDS = {
    "bench": ("--codec", "orjson", "--rounds", "1", "--budget", "1s", "--flamegraphs", "none"),
    "load": ("--codec", "orjson", "--concurrency", "1", "--rounds", "1", "--warmup", "0.1s", "--window", "0.1s",
             "--windows", "1", "--processes", "1"),
    "doctor": (),
    "upload": ("--codec", "orjson"),
    "multiplex": ("--payload", "4x4:float32", "--large", "none", "--codec", "orjson", "--rounds", "1", "--calls", "2"),
}  # fmt: skip


@pytest.mark.parametrize(("command", "spelling"), [("bench", "joined"), *((name, "apart") for name in COMMANDS)])
def test_no_file_and_no_output_holds_a_headers_value(
    command: str, spelling: str, address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    value = f"authorization: Bearer {TOKEN}"
    header = ["--header", value] if spelling == "apart" else [f"--header={value}"]
    keep = [] if command == "doctor" else ["--results", str(tmp_path / "results"), "-q"]
    done = serlab(command, *COMMANDS[command], "--serving", address, "--model", "m", *header, *keep)
    assert "Traceback" not in done.stderr
    said = done.stdout + done.stderr
    if command != "doctor":
        run = list_runs(tmp_path / "results")[0]
        for more in (("summary", str(run.path), "--json"), ("report", str(run.path))):
            told = serlab(*more, "--results", str(tmp_path / "results"))
            said += told.stdout + told.stderr
        assert "<redacted>" in run.read_info().command
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
    assert TOKEN not in said + "".join(capfd.readouterr()), "of the command and of its child processes"
