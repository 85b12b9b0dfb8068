"""The command line in places that are not made for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.lab import terminal
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder, list_runs


@pytest.fixture
def stored(run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path) -> RunFolder:
    """A run without calls: to correlate them takes a second of every command."""
    return write_run(replace(run_data, endtoend=()), tmp_path)


def serlab(*arguments: str, redirect: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirect}', "sh", sys.executable, "-m", "serlab", *arguments],
        capture_output=True, timeout=120, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
def test_output_degrades_to_what_the_terminal_can_show(stored: RunFolder, encoding: str) -> None:
    done = serlab("summary", str(stored.path), PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    assert "tensor-proto" in text
    assert ("×" if encoding in ("utf-8", "latin-1") else "x") in text
    assert "?" not in text.replace("Does it matter?", "")


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_plain_locale_is_no_obstacle(stored: RunFolder, locale: str) -> None:
    done = serlab("summary", str(stored.path), LC_ALL=locale, PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [("--json",), ()])
def test_a_full_output_is_one_line(stored: RunFolder, arguments: tuple[str, ...]) -> None:
    done = serlab("summary", str(stored.path), *arguments, redirect=">/dev/full")
    assert done.returncode == 2
    lines = [line for line in done.stderr.decode().splitlines() if line and not line.startswith("results:")]
    assert lines == ["serlab: cannot write the output: No space left on device"]


@pytest.mark.parametrize("arguments", [("--json",), ()])
def test_a_reader_that_goes_away_ends_the_command_without_a_word(stored: RunFolder, arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "serlab", "summary", str(stored.path), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read().decode()
    assert process.wait() == terminal.EXIT_CLOSED
    assert "rror" not in errors


@pytest.mark.parametrize("redirect", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_are_no_obstacle(stored: RunFolder, redirect: str) -> None:
    for arguments in ((), ("--json",)):
        done = serlab("summary", str(stored.path), *arguments, redirect=redirect)
        assert done.returncode == 0, done.stderr


def test_without_a_home_or_a_folder_to_be_in_commands_that_read_work(stored: RunFolder, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]); os.environ.pop('HOME', 0)\n"
        "sys.argv = ['serlab', 'summary', sys.argv[2]]; from serlab.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, gone, stored.path], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_temporary_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    code = (
        "import tempfile, sys; tempfile._get_default_tempdir = lambda: (_ for _ in ()).throw("
        "FileNotFoundError(2, 'No usable temporary directory found'))\n"
        "sys.argv = ['serlab', 'time', '--payload', 'vector-1k', '--codec', 'raw', '--results', sys.argv[1]]\n"
        "from serlab.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, timeout=120, text=True)
    assert done.returncode == 2
    assert "No usable temporary directory" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["time", "memory"])
def test_sigterm_leaves_nothing_but_results_and_says_how_to_go_on(command: str, tmp_path: Path) -> None:
    scratch, results = tmp_path / "scratch", tmp_path / "results"
    scratch.mkdir()
    options = ("--payload", "vector-1k", "--codec", "raw,orjson", "--results", str(results), "--quiet")
    process = subprocess.Popen(
        [sys.executable, "-m", "serlab", command, *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(scratch)},
    )  # fmt: skip
    lines = "time/encode.jsonl" if command == "time" else "memory.jsonl"
    while process.poll() is None and not list(results.glob(f"*/*/{lines}")):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 143, errors
    (run,) = list_runs(results)
    assert f"go on with: serlab time --resume --run {run.path}" in errors
    assert list(scratch.iterdir()) == []
    assert run.read_runs() or run.read_memory()
    assert not list(run.path.rglob(".*"))
