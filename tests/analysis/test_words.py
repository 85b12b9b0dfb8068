from __future__ import annotations

import pytest

from serlab.analysis.words import counted


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "round", "0 rounds"),
        (1, "round", "1 round"),
        (1200, "process", "1,200 processes"),
        (2, "more remark", "2 more remarks"),
    ],
)
def test_a_noun_agrees_with_its_number(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said
