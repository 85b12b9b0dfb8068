"""Every record of every module comes back from JSON as it was."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest

import serlab.records
from serlab.records import schema, series


def record_types() -> Iterator[type]:
    for info in pkgutil.iter_modules(serlab.records.__path__):
        module = importlib.import_module(f"serlab.records.{info.name}")
        for kind in vars(module).values():
            if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__:
                yield kind


KINDS = sorted(record_types(), key=lambda kind: (kind.__module__, kind.__name__))


def test_every_module_of_records_is_covered() -> None:
    modules = {kind.__module__.rpartition(".")[2] for kind in KINDS}
    known = {"run", "endtoend", "run_data", "load", "deployment", "claims", "correlation", "precision", "profiles"}
    assert known <= modules


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}")
def test_a_record_comes_back_as_it_was(kind: type, maker: Callable[[int], Any], tmp_path: Path) -> None:
    made = [maker(seed).record(kind) for seed in range(20)]
    for record in made:
        assert schema.decode(schema.encode(record), kind, tmp_path / "part.json") == record
    series.append(tmp_path / "part.jsonl", made)
    assert series.read(tmp_path / "part.jsonl", kind) == tuple(made)
