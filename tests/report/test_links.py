from __future__ import annotations

from pathlib import Path

import pytest

from serlab.report.links import evidence


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run" / "memory").mkdir(parents=True)
    (tmp_path / "run" / "memory" / "a b#1.html").touch()
    (tmp_path / "run" / "javascript:alert(1)").touch()
    (tmp_path / "secret.html").touch()
    (tmp_path / "run" / "memory" / "out.html").symlink_to(tmp_path / "secret.html")
    return tmp_path / "run"


def test_a_file_of_the_run_is_linked_relative_and_quoted(folder: Path) -> None:
    assert evidence(folder, "memory/a b#1.html") == "./memory/a%20b%231.html"
    assert evidence(folder, "memory/a b#1.html", base="../") == "../memory/a%20b%231.html"


def test_a_name_that_reads_as_a_scheme_stays_a_file(folder: Path) -> None:
    assert evidence(folder, "javascript:alert(1)") == "./javascript%3Aalert%281%29"


@pytest.mark.parametrize(
    "path",
    ["", "memory", "absent.html", "../secret.html", "memory/../../secret.html", "/etc/passwd", "memory/out.html",
     "https://example.org/x.html", "..\\secret.html", "a\0b"],
)  # fmt: skip
def test_what_leads_elsewhere_or_nowhere_is_not_linked(folder: Path, path: str) -> None:
    assert evidence(folder, path) == ""
