from __future__ import annotations

from pathlib import Path

import pytest

from serlab.errors import ServableError
from serlab.servable import cache, ensure_echo, models
from serlab.servable.cache import default_cache


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Replace the export by one that writes an empty model, and list where it wrote."""
    written: list[Path] = []

    def export(path: Path) -> Path:
        path.mkdir(parents=True)
        (path / "saved_model.pb").touch()
        written.append(path)
        return path

    monkeypatch.setattr(models, "apart", lambda function: export)
    return written


def test_a_second_call_does_not_export_again(tmp_path: Path, exports: list[Path]) -> None:
    first, second = ensure_echo(tmp_path), ensure_echo(tmp_path)
    assert first == second
    assert (first / "1" / "saved_model.pb").is_file()
    assert len(exports) == 1


def test_a_failed_export_leaves_nothing_behind(
    tmp_path: Path, exports: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> Path:
        path.mkdir(parents=True)
        raise ServableError("disk full")

    monkeypatch.setattr(models, "apart", lambda function: fail)
    with pytest.raises(ServableError, match="disk full"):
        ensure_echo(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_losing_the_race_to_another_process_is_fine(
    tmp_path: Path, exports: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(self: Path, target: Path) -> Path:
        (target / "echo" / "1").mkdir(parents=True)
        (target / "echo" / "1" / "saved_model.pb").touch()
        raise OSError("Directory not empty")

    monkeypatch.setattr(Path, "rename", rename)
    assert (ensure_echo(tmp_path) / "1" / "saved_model.pb").is_file()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, exports: list[Path]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServableError, match="XDG_CACHE_HOME"):
        ensure_echo(tmp_path / "file" / "cache")


def test_another_tensorflow_makes_another_export(
    tmp_path: Path, exports: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_echo(tmp_path)
    monkeypatch.setattr(cache, "_tensorflow_version", lambda: "9.9")
    ensure_echo(tmp_path)
    assert len(exports) == 2


def test_the_default_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "serlab" / "servables"
