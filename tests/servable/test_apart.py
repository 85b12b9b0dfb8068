from __future__ import annotations

from pathlib import Path

import pytest

from serlab.errors import ServableError
from serlab.servable.apart import apart

SCRIPT = """
import os
from pathlib import Path
from serlab.errors import ServableError

def write(text, path):
    path.write_text(f"{text} {os.getpid()}")

def refuse(path):
    raise ServableError("the disk is full")

def crash(path):
    raise RuntimeError("a bug")
"""


@pytest.fixture(autouse=True)
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "exporting.py").write_text(SCRIPT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_an_export_runs_in_another_process_with_its_arguments(tmp_path: Path) -> None:
    import os

    apart("exporting:write", "hello")(tmp_path / "out")
    word, pid = (tmp_path / "out").read_text().split()
    assert word == "hello"
    assert int(pid) != os.getpid()


def test_a_refusal_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(ServableError, match=r"^the disk is full$"):
        apart("exporting:refuse")(tmp_path / "out")


def test_a_crash_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ServableError, match="RuntimeError: a bug"):
        apart("exporting:crash")(tmp_path / "out")
