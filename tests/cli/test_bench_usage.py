"""Wrong use of bench, time and summary: a clear message that says what to do, exit code 2, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from serlab.records.run_data import RunData
from serlab.records.store import RunFolder, create_run
from tests.command_line import serlab


@pytest.fixture
def stored(tmp_path: Path, run_data: RunData) -> RunFolder:
    folder = create_run(tmp_path, "box")
    folder.write_info(run_data.info)
    folder.add_memory(*run_data.memory)
    folder.add_endtoend(*run_data.endtoend)
    return folder


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("bench", "--codec", "msgpack"), "choose from base64"),
        (("bench", "--payload", "imagee"), "choose from"),
        (("bench", "--profile", "quick"), "choose from full, smoke, standard"),
        (("bench", "--payload", "8x:float32"), "does not parse"),
        (("bench", "--payload", "8x8:float33"), "unknown dtype"),
        (("bench", "--payload", "@absent.npy"), "no such file"),
        (("bench", "--budget", "soon"), "90s, 10m or 1h"),
        (("bench", "--budget", "-3s"), "90s, 10m or 1h"),
        (("bench", "--rounds", "0"), "give 1 to"),
        (("time", "--rounds", str(2**70)), "give 1 to"),
        (("bench", "--seed", "-1"), "give a number from 0"),
        (("time", "--seed", str(2**63)), "give a number from 0"),
        (("precision", "--seed", str(2**70)), "give a number from 0"),
        (("time", "--payload", ""), "has an empty part"),
        (("time", "--codec", ","), "empty name"),
        (("memory", "--codec", "json,,raw"), "empty name"),
        (("bench", "--flamegraphs", "nothing-of-that-name"), "chooses none"),
        (("memory", "--profile", "smoke", "--flamegraphs", "vector-7"), "chooses none"),
        (("time", "--resume", "--payload", "image", "--rounds", "3"), "leave --payload, --rounds out"),
        (("bench", "--model", "bert", "--expect", "@absent.npz"), "no such file"),
        (("bench", "--run", "x", "--expect", "@absent.npz"), "leave --expect out"),
        (("bench", "--run", "x", "--profile", "full", "--flamegraphs", "all"), "leave --profile, --flamegraphs out"),
        (("bench", "--serving", "podman"), "docker"),
        (("bench", "--header", "no-colon"), "NAME:VALUE"),
        (("bench", "--timeout", "0"), "positive number"),
        (("bench", "--serving", "127.0.0.1:1:1"), "--model"),
        (("time", "--codec", "json,frob"), "unknown codec 'frob'"),
        (("time", "--resume"), "no run"),
        (("summary",), "serlab bench"),
        (("summary", "no-such-run"), "unknown run"),
    ],
)
def test_wrong_use_says_what_to_do(arguments: tuple[str, ...], wanted: str, tmp_path: Path) -> None:
    done = serlab(*arguments, "--results", str(tmp_path))
    assert done.returncode == 2
    assert wanted in done.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is left behind by a command that could not run"


def test_nothing_is_expected_of_the_labs_echo(tmp_path: Path) -> None:
    np.savez(tmp_path / "y.npz", y=np.zeros(3))
    done = serlab("bench", "--expect", f"@{tmp_path}/y.npz", "--results", str(tmp_path / "results"))
    assert done.returncode == 2
    assert "name --model" in done.stderr


def test_an_array_of_objects_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    done = serlab("bench", "--payload", f"@{tmp_path}/x.npy", "--results", str(tmp_path / "results"))
    assert done.returncode == 2
    assert "never loads" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["time", "bench"])
def test_a_results_folder_that_cannot_be_written_is_said_before_anything_is_measured(
    command: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = serlab(command, "--payload", "vector-1k", "--codec", "raw", "--results", str(tmp_path / "file"))
    assert done.returncode == 2
    assert "--results" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_of_another_schema_version_is_refused_with_what_to_do(stored: RunFolder) -> None:
    path = stored.path / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    done = serlab("summary", str(stored.path))
    assert done.returncode == 2
    assert "schema version 99" in done.stderr
    assert "measure again" in done.stderr


def test_a_run_of_another_machine_cannot_be_resumed(stored: RunFolder) -> None:
    done = serlab("time", "--resume", "--run", str(stored.path), "--results", str(stored.path.parents[1]))
    assert done.returncode == 2
    assert "two machines" in done.stderr


def test_summary_prints_a_run_again_without_tensorflow(stored: RunFolder, tmp_path: Path) -> None:
    blocked = tmp_path / "tensorflow.py"
    blocked.write_text("raise ImportError('tensorflow must not be imported here')")
    command = [sys.executable, "-m", "serlab", "summary", str(stored.path), "--wide"]
    found = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": found})
    assert done.returncode == 0, done.stderr
    assert "end to end" in done.stdout
    assert "embedded instance" in done.stdout
    assert "stands in for TensorFlow Serving" in done.stdout
    assert json.loads(serlab("summary", str(stored.path), "--json").stdout)["run"]["name"] == "box/run"


def test_output_is_plain_where_there_is_no_terminal(stored: RunFolder) -> None:
    done = serlab("summary", str(stored.path), FORCE_COLOR="", NO_COLOR="1")
    assert "\x1b[" not in done.stdout + done.stderr
