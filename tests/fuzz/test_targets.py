"""What the fuzzers call, without atheris: their corpus of what once failed, and some random bytes of our own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FUZZ = Path(__file__).parents[2] / "fuzz"


def _targets() -> dict[str, Callable[[bytes], None]]:
    spec = importlib.util.spec_from_file_location("fuzz_targets", FUZZ / "targets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found: dict[str, Callable[[bytes], None]] = module.TARGETS
    return found


TARGETS = _targets()
#: The embedded server's reader of gRPC messages imports TensorFlow.
LIGHT = sorted(TARGETS.keys() - {"predict"})
CORPUS = sorted(path for path in (FUZZ / "corpus").rglob("*") if path.is_file())


def test_every_target_has_a_corpus() -> None:
    assert {path.parent.name for path in CORPUS} == TARGETS.keys()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_failed_is_read_or_refused(path: Path) -> None:
    if path.parent.name == "predict":
        pytest.importorskip("tensorflow")
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", LIGHT)
def test_any_bytes_are_read_or_refused(name: str) -> None:
    seeds = st.sampled_from([path.read_bytes() for path in CORPUS if path.parent.name == name])

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.binary(max_size=200), st.builds(_spliced, seeds, st.integers(0, 4000), st.binary(max_size=9))))
    def fuzz(data: bytes) -> None:
        TARGETS[name](data)

    fuzz()


def _spliced(seed: bytes, place: int, piece: bytes) -> bytes:
    place %= len(seed) + 1
    return seed[:place] + piece + seed[place + len(piece) :]
