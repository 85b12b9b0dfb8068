"""Which clients are sent again: a refusal is an answer, a time-out is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serlab.measure.plan import Plan
from serlab.measure.rounds import Calling, is_refusal, refusals
from serlab.measure.target import Target
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.run import Endpoint
from serlab.records.store import RunFolder
from serlab.transports.base import TransportOptions

PLAN = Plan("smoke", ("image",), ("orjson",))
TARGET = Target(Endpoint("remote", "9", "", "127.0.0.1:9"), TransportOptions())


def client(number: int, *, code: str = "", seconds: float = 0.01) -> EndToEndRun:
    calls = () if code else (CallSample(0.0, seconds, 0.0, seconds),)
    return EndToEndRun("image", "orjson", "rest", number, calls, 1, 1, 0.0, None, None, error=code and "no",
                       error_code=code)  # fmt: skip


class Answering:
    """Workers whose clients end as they are told."""

    def __init__(self, codes: list[str], seconds: float = 0.01) -> None:
        self.codes, self.seconds = codes, seconds

    def keeping(self, keep: Any, _function: object, *_args: object, round_number: int, **_more: Any) -> EndToEndRun:
        run = client(round_number, code=self.codes.pop(0), seconds=self.seconds)
        keep(run)
        return run


@pytest.mark.parametrize("code", ["400", "404", "501", "INVALID_ARGUMENT", "UNIMPLEMENTED", "CODEC"])
def test_an_answer_that_says_no_is_a_refusal(code: str) -> None:
    assert is_refusal(client(0, code=code))
    assert refusals((client(0, code=code),)) == {("image", "orjson"): "no"}


@pytest.mark.parametrize(
    "code", ["TIMEOUT", "RESET", "408", "429", "500", "502", "503", "UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL",
             "RESOURCE_EXHAUSTED", ""]
)  # fmt: skip
def test_a_time_out_a_reset_and_an_overload_are_not(code: str) -> None:
    assert not is_refusal(client(0, code=code))


def sent(folder: RunFolder, answers: Answering, rounds: int) -> Calling:
    calling = Calling(folder, PLAN, TARGET)
    for number in range(rounds):
        calling.run(answers, "image", "orjson", number)  # type: ignore[arg-type]
        calling.gone = ""  # nothing listens there; what is tested is who is sent again
    return calling


def test_a_refused_payload_is_sent_once(tmp_path: Path) -> None:
    answers = Answering(["400", ""])
    calling = sent(RunFolder(tmp_path), answers, 3)
    assert answers.codes == [""]
    assert calling.lacking(3) == []


def test_a_time_out_is_tried_again_in_later_rounds_counted_and_told_and_resumed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    calling = sent(folder, Answering(["", "TIMEOUT", ""]), 3)
    assert [run.round for run in folder.read_endtoend() if run.calls] == [0, 2]
    (told,) = calling.lacking(3)
    assert "1 of 3 clients had no answer (no); 1 of 3 rounds have no calls" in told
    again = Calling(folder, PLAN, TARGET)
    assert [number for number in range(3) if again.is_due("image", "orjson", number)] == [1]
    again.run(Answering([""]), "image", "orjson", 1)  # type: ignore[arg-type]
    assert again.lacking(3) == []


def test_dear_calls_are_made_in_six_rounds(tmp_path: Path) -> None:
    answers = Answering([""] * 8, seconds=2.0)
    calling = sent(RunFolder(tmp_path), answers, 8)
    assert len(answers.codes) == 2
    assert calling.lacking(8) == []
