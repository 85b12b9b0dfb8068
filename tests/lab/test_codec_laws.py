"""Laws of codecs: sizes are timed until calls get long, and what cannot be carried is a message."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serlab.errors import UnknownNameError, UsageError
from serlab.lab import codec_laws
from serlab.lab.codec_laws import LONGEST_S, SIZES, learn_codecs
from serlab.measure.chunks import time_step
from serlab.records.law import Yardstick
from serlab.records.law_files import find_law
from serlab.records.run import Case


class FakeWorkers:
    """Answers as if a call took 2 µs and so much per element."""

    def __init__(self, codecs: list[str]) -> None:
        self.codecs = codecs

    def __enter__(self) -> FakeWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, function: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
        if function is not time_step:
            return {"copy": Yardstick(2e-5)}
        case: Case = arguments[0]
        elements = math.prod(map(int, case.payload.partition(":")[0].split("x")))
        each = 1e-6 if case.codec == "json" else 2e-9
        return 2e-6 + each * elements


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_laws, "Workers", FakeWorkers)


def test_each_op_of_each_codec_is_learnt_as_calls_have_it(tmp_path: Path) -> None:
    law, path = learn_codecs("mine", ["orjson", "wire"], "float32", tmp_path)
    assert find_law("mine", tmp_path) == law
    assert path.name == "mine.json"
    told = [(codec.codec, codec.op, codec.form, codec.client) for codec in law.codecs]
    assert told == [
        ("orjson", "encode", None, "light"),
        ("orjson", "decode", None, "light"),
        ("wire", "encode", None, "light"),
        ("wire", "decode", "values", "light"),
    ]
    for codec in law.codecs:
        assert [point.elements for point in codec.points] == list(SIZES)
        assert codec.seconds(100_000) == pytest.approx(2e-6 + 2e-4, rel=0.02)
        assert codec.errors.left_out_median < 0.02


def test_a_slow_codec_is_not_timed_at_every_size(tmp_path: Path) -> None:
    law, _ = learn_codecs("slow", ["json"], "float32", tmp_path)
    points = law.codecs[0].points
    assert points[-1].seconds > LONGEST_S
    assert all(point.seconds <= LONGEST_S for point in points[:-1])
    assert len(points) < len(SIZES)


def test_mistakes_are_messages(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no dtype"):
        learn_codecs("x", ["orjson"], "float33", tmp_path)
    with pytest.raises(UnknownNameError):
        learn_codecs("x", ["yaml"], "float32", tmp_path)
