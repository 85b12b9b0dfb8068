"""What is seen of a measurement while it runs."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from serlab.lab.progress import ProgressShow


def shown(width: int, *, terminal: bool, work: str) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, highlight=False, markup=False)
    with ProgressShow(console=console) as show:
        show.phase("round 3 of 9", 2)
        if "known" in work:
            show.outlook(600.0, "6 more rounds")
        for number in range(5 if "more" in work else 1):
            show.step(f"encode/image/codec-{number}")
            if show._bar:
                show._bar.refresh()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())


@pytest.fixture(autouse=True)
def not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def test_it_says_what_runs_what_is_left_and_until_when_of_the_whole_work() -> None:
    text = shown(120, terminal=True, work="known")
    assert "round 3 of 9: 1 of 2" in text
    assert "encode/image/codec-0" in text
    assert "10 min left, until " in text
    assert "then 6 more rounds" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_more_steps_than_were_announced_are_not_counted(terminal: bool) -> None:
    text = shown(120, terminal=terminal, work="known, more")
    assert not [found for found in re.findall(r"(\d+) of (\d+)", text) if int(found[0]) > int(found[1])]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, re.split(r"[\r\n]", shown(width, terminal=True, work="known, more")))) <= width


def test_where_no_one_watches_a_phase_is_a_line_with_the_time_left() -> None:
    lines = shown(80, terminal=False, work="known").splitlines()
    assert lines[0] == "round 3 of 9: 2 steps"
    assert re.fullmatch(r"10 min left, until \d\d:\d\d; then 6 more rounds", lines[1])
