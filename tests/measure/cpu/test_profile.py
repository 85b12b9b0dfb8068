from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from serlab.errors import MeasureError
from serlab.measure.cpu import profile as cpu
from serlab.records.profiles import CpuProfile
from serlab.records.run import Case

# Found, and not imported: that takes seconds, and children alone need it.
pytestmark = pytest.mark.skipif(find_spec("scalene") is None, reason="needs scalene")

RAW = Case("image", "raw", "encode")
RAW_BYTES = 602_112


def entry(**figures: float | str | int) -> dict[str, Any]:
    return {"line": "x = 1", "lineno": 1, "n_cpu_percent_python": 0.0, "n_cpu_percent_c": 0.0, "n_sys_percent": 0.0,
            "n_copy_mb_s": 0.0, **figures}  # fmt: skip


@pytest.fixture(scope="module")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[CpuProfile, dict[str, Any], Path]:
    """One copy of the image's buffer over and over: the record, scalene's own JSON, and the run's folder."""
    folder = tmp_path_factory.mktemp("run")
    found = cpu.profile(RAW, RAW_BYTES, 1, folder / "cpu", seconds=1.0)
    return found, json.loads((folder / found.profile).read_text()), folder


def own_lines(shown: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(file, line) for file, contents in shown["files"].items() for line in contents["lines"]]


def kept(shown: dict[str, Any], name: str) -> float:
    """Scalene's figure, added up over the lines that are not its own."""
    return sum(float(line[name]) for file, line in own_lines(shown) if "/serlab/codecs/" in file or "numpy" in file)


@pytest.mark.parametrize(
    ("field", "name"),
    [("native_percent", "n_cpu_percent_c"), ("system_percent", "n_sys_percent"), ("copy_mb_s", "n_copy_mb_s")],
)
def test_a_figure_is_scalenes_own(
    profiled: tuple[CpuProfile, dict[str, Any], Path], field: str, name: str
) -> None:  # fmt: skip
    found, shown, _ = profiled
    assert kept(shown, name) > 0
    assert getattr(found, field) == pytest.approx(kept(shown, name), rel=0.05)


def test_the_profiled_time_is_scalenes_own(profiled: tuple[CpuProfile, dict[str, Any], Path]) -> None:
    found, shown, _ = profiled
    assert found.elapsed_s == shown["elapsed_time_sec"]


def test_one_copy_per_call_is_seen_as_one_copy_per_byte(profiled: tuple[CpuProfile, dict[str, Any], Path]) -> None:
    from serlab.analysis.cpu import copies_per_byte

    copies = copies_per_byte(profiled[0])
    assert copies is not None
    assert copies.median == pytest.approx(1.0, rel=0.15)
    assert copies.runs > 100


def test_the_top_line_is_the_codecs_own_copy_which_is_native_code(
    profiled: tuple[CpuProfile, dict[str, Any], Path],
) -> None:
    top = profiled[0].top[0]
    assert (top.file, top.code) == ("serlab/codecs/raw.py", "return tensor.tobytes()")
    assert top.native_percent > 10 * top.python_percent


def test_profile_and_standalone_page_lie_where_the_record_says(
    profiled: tuple[CpuProfile, dict[str, Any], Path],
) -> None:
    found, _, folder = profiled
    assert found.profile == "cpu/encode--image--raw.json"
    page = (folder / found.page).read_text()
    assert "tobytes" in page
    assert "<script src=" not in page


def test_tensorflow_is_not_traced_for_a_codec_that_does_not_use_it(
    profiled: tuple[CpuProfile, dict[str, Any], Path],
) -> None:
    assert not [file for file in profiled[1]["files"] if "tensorflow" in file]


def test_time_of_scalenes_own_threads_is_left_out_and_counted_apart(tmp_path: Path) -> None:
    path = tmp_path / "cpu" / "x.json"
    path.parent.mkdir()
    files = {
        "/lib/python3.11/threading.py": {"lines": [entry(n_cpu_percent_c=70.0, n_sys_percent=5.0)]},
        "/x/serlab/codecs/json_stdlib.py": {
            "lines": [
                entry(n_cpu_percent_python=4.0, n_cpu_percent_c=10.0, n_sys_percent=1.0, n_copy_mb_s=7.0, lineno=23,
                      line="  if a \\u003c b \\u0026 c:\n"),
                entry(n_cpu_percent_python=1.0),
                entry(lineno=9),
            ]
        },
    }  # fmt: skip
    path.write_text(json.dumps({"files": files, "elapsed_time_sec": 2.5}))
    found = cpu.read_profile(RAW, 10, 3, path)
    assert found.own_percent == 75.0
    assert (found.python_percent, found.native_percent, found.system_percent) == (5.0, 10.0, 1.0)
    assert (found.copy_mb_s, found.calls, found.elapsed_s, found.page) == (7.0, 3, 2.5, "")
    assert [(line.file, line.line, line.code) for line in found.top] == [
        ("serlab/codecs/json_stdlib.py", 23, "if a < b & c:"), ("serlab/codecs/json_stdlib.py", 1, "x = 1")
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": {"a": 1}}'])
def test_what_is_not_a_profile_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(MeasureError, match="is not a profile of scalene"):
        cpu.read_profile(RAW, 10, 3, path)


def test_a_case_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "ATTEMPTS", 1)
    with pytest.raises(MeasureError, match="scalene"):
        cpu.profile(Case("image", "no-such-codec", "encode"), 1, 1, tmp_path / "cpu", seconds=1.0)


def test_what_a_killed_scalene_left_is_removed_and_what_a_living_one_uses_stays() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = Path(f"/tmp/scalene-malloc-signal{ended.pid}")
    used = Path(f"/tmp/scalene-malloc-signal{os.getpid()}")
    try:
        left.touch()
        used.touch()
        cpu._sweep()
        assert (left.exists(), used.exists()) == (False, True)
    finally:
        left.unlink(missing_ok=True)
        used.unlink(missing_ok=True)
