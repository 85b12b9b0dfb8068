from __future__ import annotations

import pytest

from serlab.errors import CodecError, MeasureError, SerlabError, TransportError
from serlab.measure.process import patience
from serlab.measure.process.patience import TRIES, patiently
from serlab.measure.process.tasks import code_of


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE_S", 0.0)


class Asked:
    """Fails with each code in turn, then answers."""

    def __init__(self, *codes: str) -> None:
        self.codes, self.count = list(codes), 0

    def __call__(self) -> str:
        self.count += 1
        if self.codes:
            raise MeasureError("it failed", code=self.codes.pop(0))
        return "the answer"


@pytest.mark.parametrize("code", ["", "UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "503", "429"])
def test_what_is_no_answer_is_told_and_asked_again(code: str) -> None:
    told: list[str] = []
    ask = Asked(code, code)
    assert patiently(ask, "scores", told.append) == "the answer"
    assert told == [f"scores: it failed; asked again, {left} of 3 tries left" for left in (2, 1)]


def test_tries_come_to_an_end() -> None:
    ask = Asked(*[""] * 9)
    with pytest.raises(MeasureError, match="it failed"):
        patiently(ask, "scores", lambda _words: None)
    assert ask.count == TRIES


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "404", "CODEC", "CLIENT"])
def test_an_answer_that_says_no_is_not_asked_for_again(code: str) -> None:
    ask = Asked(code)
    with pytest.raises(MeasureError):
        patiently(ask, "scores", pytest.fail)
    assert ask.count == 1


def test_failures_keep_their_code_on_their_way_from_a_worker() -> None:
    failures: list[SerlabError] = [
        TransportError("reset", code="UNAVAILABLE"), MeasureError("no"), CodecError("no"), SerlabError("no"),
    ]  # fmt: skip
    assert [code_of(failure) for failure in failures] == ["UNAVAILABLE", "", "CODEC", "CLIENT"]
