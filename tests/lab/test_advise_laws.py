"""Advice from stored laws: no server, no TensorFlow; laws that cannot be used are refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from serlab.analysis.advice import Asked
from serlab.analysis.laws.link import parse_link
from serlab.errors import UnknownNameError, UsageError
from serlab.lab import advise_laws
from serlab.lab.advise_laws import check_age, predicted, stored_laws
from serlab.records.law import Law, LawMachine, Yardstick
from serlab.records.law_files import CODECS, TENSORFLOW_SERVING, find_law, write_law
from serlab.serving.base import ServingOptions

SERVING = ServingOptions("auto")


@pytest.fixture(autouse=True)
def same_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is as fast as the one where the codecs' law was measured."""
    yardsticks = find_law(f"{CODECS}float32", Path("nowhere")).yardsticks
    monkeypatch.setattr(advise_laws, "measure_yardsticks", lambda _chunks: yardsticks)


@pytest.mark.parametrize("payload", ["vector-1k", "image", "batch-16", "tokens", "image-u8", "half"])
def test_every_payload_of_the_catalogue_gets_advice(payload: str, tmp_path: Path) -> None:
    found = predicted(SERVING, Asked(1, (payload,)), tmp_path)
    costs = [choice.cost for choice in found.ranking.choices]
    assert costs == sorted(costs)
    assert len(costs) == 3
    assert found.basis == "laws"
    assert "nothing was measured" in found.not_checked[0]
    assert "def predict(tensors)" in found.program
    if payload != "half":
        assert found.ranking.choices[0].less_than["json"].median > 1


def test_a_slow_link_prefers_fewer_bytes_and_sizes_change_the_answer(tmp_path: Path) -> None:
    near = predicted(SERVING, Asked(1, ("image",)), tmp_path)
    far = predicted(SERVING, Asked(1, ("image",), link=parse_link("10Mbit,20ms")), tmp_path)
    assert far.ranking.choices[0].cost > near.ranking.choices[0].cost + 0.9
    sizes = [change.elements for change in near.changes]
    assert sizes == sorted(sizes)
    assert near.changes_by == TENSORFLOW_SERVING
    assert predicted(SERVING, Asked(1, ("image",), optimise="bytes"), tmp_path).changes == ()


def test_lossy_ways_are_judged_by_what_they_promise(tmp_path: Path) -> None:
    asked = Asked(1, ("1x64:float32",), representations=("uint8",), needs="1e-3")
    with pytest.raises(UsageError, match=r"no way that was offered is 1e-3: .*the request changes by up to 0\.00"):
        predicted(SERVING, asked, tmp_path)
    found = predicted(SERVING, replace(asked, needs="0.01"), tmp_path)
    assert {choice.way.representation for choice in found.ranking.choices} == {"uint8"}
    assert 64 < (found.ranking.choices[0].way.request_bytes or 0) < 400  # 64 float32 are some 700 as JSON


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(1), "say what is sent"),
        (Asked(1, ("image",), optimise="memory"), "no law says"),
        (Asked(1, ("image",), client="tensorflow"), "without TensorFlow"),
    ],
)
def test_what_no_law_knows(asked: Asked, why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        predicted(SERVING, asked, tmp_path)


def shipped() -> Law:
    return replace(find_law(TENSORFLOW_SERVING, Path("nowhere")), name="mine")


def test_an_old_law_and_one_of_another_machine_are_refused(tmp_path: Path) -> None:
    old = replace(shipped(), measured="2024-01-01T00:00:00+00:00")
    with pytest.raises(UsageError, match=r"mine is 366 days old.*serlab law fit"):
        check_age(old, datetime(2025, 1, 1, tzinfo=timezone.utc))
    check_age(old, datetime(2024, 5, 1, tzinfo=timezone.utc))
    with pytest.raises(UsageError, match="does not say when"):
        check_age(replace(old, measured="once"))
    check_age(find_law(TENSORFLOW_SERVING, tmp_path), datetime(2090, 1, 1, tzinfo=timezone.utc))
    today = datetime.now(timezone.utc).isoformat()
    elsewhere = replace(shipped(), measured=today, machine=LawMachine("Abacus", 1), yardsticks={})
    write_law(elsewhere, tmp_path)
    with pytest.raises(UsageError, match="Abacus"):
        stored_laws(tmp_path, "mine")
    write_law(replace(elsewhere, yardsticks={"copy": Yardstick(1e-5)}), tmp_path)
    assert stored_laws(tmp_path, "mine").spread > 0
    with pytest.raises(UsageError, match="of no server"):
        stored_laws(tmp_path, f"{CODECS}float32")
    with pytest.raises(UnknownNameError):
        stored_laws(tmp_path, "nothing")


def test_it_needs_no_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from serlab.lab.advise_laws import predicted\n"
        "from serlab.analysis.advice import Asked; from serlab.serving.base import ServingOptions\n"
        f"predicted(ServingOptions(), Asked(1, ('vector-1k',)), Path({str(tmp_path)!r}))\n"
        "print(sorted(name for name in sys.modules if name in ('tensorflow', 'scipy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
