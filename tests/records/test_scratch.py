from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from serlab.records import scratch
from serlab.records.scratch import PREFIX, Scratch, sweep

MAKE_ONE = (
    "import sys; from pathlib import Path; from serlab.records.scratch import Scratch\n"
    "made = Scratch('test', Path(sys.argv[1])); print(made.name, flush=True); sys.stdin.read()"
)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SETTLED_S", 0.0)


def test_a_folder_goes_with_its_block(tmp_path: Path) -> None:
    with Scratch("test", tmp_path) as name:
        (Path(name) / "deep" / "er").mkdir(parents=True)
        assert Path(name).name.startswith(f"{PREFIX}test-")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", MAKE_ONE, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    dead, living = start(), start()
    assert dead.stdout is not None
    assert living.stdout is not None
    left, used = Path(dead.stdout.readline().strip()), Path(living.stdout.readline().strip())
    (left / "large.bin").write_bytes(b"1" * 1000)
    dead.send_signal(signal.SIGKILL)
    dead.wait()
    assert left.is_dir()
    assert sweep(tmp_path) == [left]
    assert list(tmp_path.iterdir()) == [used]
    living.communicate("")


def test_the_first_folder_of_a_process_removes_what_others_left(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}old-1").mkdir()
    with Scratch("test", tmp_path) as name:
        assert [str(path) for path in tmp_path.iterdir()] == [name]


def test_nothing_but_own_folders_is_touched(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(other)
    (tmp_path / f"{PREFIX}file").touch()
    assert sweep(tmp_path) == []
    assert sorted(os.listdir(tmp_path)) == sorted(["other", f"{PREFIX}link", f"{PREFIX}file"])
    assert (other / "kept").exists()


def test_a_young_folder_may_not_be_locked_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SETTLED_S", 3600.0)
    (tmp_path / f"{PREFIX}young").mkdir()
    assert sweep(tmp_path) == []
