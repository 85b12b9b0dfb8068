from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from serlab.measure.process.machine import describe_machine
from serlab.records.profiles import CpuReport
from serlab.records.run import PayloadInfo
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder
from tests.command_line import serlab

# Found, and not imported: that takes seconds, and children alone need it.
pytestmark = pytest.mark.skipif(find_spec("scalene") is None, reason="needs scalene")


@pytest.fixture
def here(run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path) -> RunFolder:
    payload = PayloadInfo("vector-10k", (1, 2560), "float32", "uniform", 1, 10_240)
    info = replace(
        run_data.info, machine=describe_machine(), name="here/run", payloads=(payload,), codecs=("raw",), gates=()
    )  # fmt: skip
    return write_run(RunData(info), tmp_path)


def test_profiles_are_added_to_the_newest_run_of_this_machine_and_then_in_its_report(
    here: RunFolder, tmp_path: Path
) -> None:
    done = serlab("cpu", "--seconds", "1", "--results", str(tmp_path), "--json", "-q")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    kept = here.read_part("cpu", CpuReport, None)
    assert kept is not None
    assert [profile["case"]["op"] for profile in shown["profiles"]] == ["encode", "decode"]
    assert [profile.calls for profile in kept.profiles] == [profile["calls"] for profile in shown["profiles"]]
    for profile in kept.profiles:
        assert (here.path / profile.profile).exists()
        assert (here.path / profile.page).exists()
    assert serlab("report", str(here.path)).returncode == 0
    page = (here.path / "report.html").read_text()
    assert 'href="./cpu/encode--vector-10k--raw.html"' in page


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [(("--codec", "nope"), "unknown codec"), (("--payload", "nope"), "nope"), (("elsewhere",), "unknown run")],
)
def test_wrong_use_is_told_without_a_traceback(
    here: RunFolder, tmp_path: Path, arguments: tuple[str, ...], wanted: str
) -> None:
    done = serlab("cpu", *arguments, "--results", str(tmp_path))
    assert done.returncode == 2
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr
