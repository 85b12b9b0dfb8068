from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serlab.errors import UsageError
from serlab.lab.compare import Gates, compare_environments, compare_stored, failed
from serlab.lab.environments import environments, install
from serlab.measure.compare.sides import SideBySide, Wanted
from serlab.measure.plan import find_profile
from serlab.records.comparison import CaseComparison, Comparison, ExactComparison
from serlab.records.run import Case, Interval
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder
from serlab.report.tables.compare import markdown
from tests.conftest import made_up_run

WriteRun = Callable[[RunData, Path], RunFolder]
CODEC = """
from serlab.codecs.raw import RawCodec

class Mine(RawCodec):
    name = "mine"
    def encode(self, tensors, call):
        body = super().encode(tensors, call)
        return {extra}
"""

#: A build backend that needs no other package, and litters as common ones do.
BACKEND = """
import pathlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    pathlib.Path("build").mkdir(exist_ok=True)
    pathlib.Path("build/left.py").touch()
    name, info = "mine-1.0-py3-none-any.whl", "mine-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as archive:
        for path in [*pathlib.Path().glob("mine.py"), *pathlib.Path().glob("build/lib/*.py")]:
            archive.write(path, path.name)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1.0\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return name
"""


def wheel(folder: Path, version: str, extra: str) -> Path:
    """Write a wheel of a package with a codec: what a package at a path comes to."""
    folder.mkdir()
    path = folder / f"mine-{version}-py3-none-any.whl"
    info = f"mine-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mine.py", CODEC.format(extra=extra))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: mine\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/entry_points.txt", "[serlab.codecs]\nmine = mine:Mine\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def two_runs(write_run: WriteRun, tmp_path: Path, **changed: Any) -> tuple[RunFolder, RunFolder]:
    data = made_up_run(rounds=6)
    other = replace(data, info=replace(data.info, name="box/other", **changed))
    base, head = write_run(data, tmp_path / "box" / "run"), write_run(other, tmp_path / "box" / "other")
    return base, head


def test_an_extra_copy_fails_the_gate_and_a_slowdown_alone_does_not(tmp_path: Path) -> None:
    packages = (str(wheel(tmp_path / "a", "1.0", "body")), str(wheel(tmp_path / "b", "2.0", "bytes(bytearray(body))")))
    wanted = Wanted(("image",), ("mine",), find_profile("smoke"), 1, rounds=1, budget_s=0.1)
    folder, found = compare_environments(("", ""), packages, wanted, tmp_path / "results", quiet=True)
    assert {(entry.subject, entry.quantity) for entry in found.exact if entry.worse} >= {
        ("encode/image/mine", "copies of the payload")
    }
    assert failed(found, Gates(slower=0.05, bytes=True, exactness=True)) == []
    assert any("copies of the payload 1 → 3" in text for text in failed(found, Gates(memory=True)))
    assert all(entry.verdict == "no verdict" for entry in found.cases)
    assert any("no 95 % interval" in note for note in found.notes)
    assert set(folder.read_suites()) == {"base-encode", "base-decode", "head-encode", "head-decode"}
    assert folder.read_part("comparison", Comparison, found) == found


def test_a_package_that_pip_does_not_install_is_told_in_its_words_and_nothing_stays(tmp_path: Path) -> None:
    broken = tmp_path / "mine-1.0-py3-none-any.whl"
    broken.write_bytes(b"no wheel")
    with pytest.raises(UsageError, match="pip cannot install it"), environments(("", ""), (str(broken), str(broken))):
        pytest.fail("there is no environment")


def test_a_checkout_is_installed_as_it_is_and_stays_so(tmp_path: Path) -> None:
    checkout = tmp_path / "mine"
    (checkout / "build" / "lib").mkdir(parents=True)
    (checkout / "build" / "lib" / "gone.py").write_text("")
    (checkout / "mine.py").write_text("")
    (checkout / "backend.py").write_text(BACKEND)
    (checkout / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    before = sorted(checkout.rglob("*"))
    install(str(checkout), tmp_path / "installed")
    assert (tmp_path / "installed" / "mine.py").exists()
    assert not (tmp_path / "installed" / "gone.py").exists()
    assert sorted(checkout.rglob("*")) == before


@pytest.mark.parametrize("package", ["", " ", "--index-url=http://127.0.0.1:1"])
def test_what_names_no_package_never_reaches_pip(package: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no package"):
        install(package, tmp_path)


def test_environments_come_in_twos_and_interpreters_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give it twice"), environments(("", ""), ("orjson==3.11.4",)):
        pytest.fail("there is no environment")
    with pytest.raises(UsageError, match="names no package"), environments(("", ""), ("", "orjson==3.11.4")):
        pytest.fail("there is no environment")
    with pytest.raises(UsageError, match="no Python to run"), environments((str(tmp_path), ""), ()):
        pytest.fail("there is no environment")


def test_a_run_is_not_compared_with_itself(write_run: WriteRun, tmp_path: Path) -> None:
    base, _ = two_runs(write_run, tmp_path)
    with pytest.raises(UsageError, match="compared with itself"):
        compare_stored(str(base.path), str(base.path), tmp_path)


def test_two_alike_runs_have_no_difference(write_run: WriteRun, tmp_path: Path) -> None:
    base, head = two_runs(write_run, tmp_path)
    found = compare_stored(str(base.path), str(head.path), tmp_path)
    assert {entry.verdict for entry in found.cases} <= {"the same", "too close to call"}
    assert found.exact == ()
    assert failed(found, Gates(0.0, bytes=True, memory=True, exactness=True)) == []


def test_unlike_runs_get_no_verdict_on_time_unless_across(write_run: WriteRun, tmp_path: Path) -> None:
    base, head = two_runs(write_run, tmp_path, versions={"numpy": "9.9"}, finished="")
    found = compare_stored(str(base.path), str(head.path), tmp_path)
    assert {entry.verdict for entry in found.cases} == {"no verdict"}
    assert any("numpy: 2.0 and 9.9" in note for note in found.notes)
    assert any("not finished" in note for note in found.notes)
    across = compare_stored(str(base.path), str(head.path), tmp_path, across=True)
    assert {entry.verdict for entry in across.cases} == {"the same"}
    assert "raw" not in {entry.case.codec for entry in across.cases}


def test_runs_of_unlike_kinds_of_client_are_unlike(write_run: WriteRun, tmp_path: Path) -> None:
    base, head = two_runs(write_run, tmp_path, plan={"client": "tensorflow"})
    found = compare_stored(str(base.path), str(head.path), tmp_path)
    assert {entry.verdict for entry in found.cases} == {"no verdict"}
    assert "kind of client: own and tensorflow" in found.notes


def test_gates_hold_until_something_is_worse_and_markdown_shows_what_others_wrote_as_text() -> None:
    slow = CaseComparison(Case("a|b<x>", "json", "encode"), "slower", Interval(1.2, 1.1, 1.3, 9), 0.001, 0.05, again=9)
    exact = ExactComparison("image/json", "bytes", "request", "100", "101", worse=True)
    found = Comparison("one", "two", "stored runs", 9, (slow,), (exact,), ("@someone",))
    assert failed(found, Gates(slower=0.25)) == []
    assert failed(found, Gates(slower=0.05)) == ["encode/a|b<x>/json is 20.0 % slower"]
    assert failed(found, Gates(bytes=True)) == ["image/json: request 100 → 101"]
    text = markdown(found, failed(found, Gates(slower=0.05)))
    assert "encode/a\\|b&lt;x&gt;/json" in text
    assert "<x>" not in text
    assert "@someone" not in text


def test_a_comparison_that_is_stopped_while_it_asks_leaves_no_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stopped(_self: object, _side: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SideBySide, "_ask", stopped)
    wanted = Wanted(("vector-1k",), ("raw",), find_profile("smoke"), 1, rounds=1, budget_s=0.1)
    with pytest.raises(KeyboardInterrupt):
        compare_environments(("", ""), (), wanted, tmp_path / "results", quiet=True)
    assert not list(tmp_path.rglob("run.json"))


def test_one_ratio_has_no_interval_and_one_of_anything_is_no_many() -> None:
    case = CaseComparison(Case("image", "json", "encode"), "no verdict", Interval(1.2, 1.2, 1.2, 1, is_range=True))
    text = markdown(Comparison("one", "two", "stored runs", 1, (case,)), [])
    assert "| 1.200 | no interval | no verdict |" in text
    assert "1 round" in text
    assert "1 case: 1 no verdict" in text
    assert "1 rounds" not in text
