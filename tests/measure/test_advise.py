"""Answers to one way of sending are held against those to another."""

from __future__ import annotations

import numpy as np
import pytest

from serlab.errors import MeasureError
from serlab.measure.advise import _alike, compare_answers
from serlab.measure.send_less import find_way
from serlab.measure.target import Target
from serlab.serving.fit import Wish
from serlab.serving.model import read_metadata


def test_a_lossy_way_changes_answers_and_an_exact_one_does_not(live_target: Target) -> None:
    metadata = read_metadata(live_target.endpoint, "echo", live_target.options)
    spec, told = "2x30:float32", {}
    reference = find_way(metadata, Wish(), spec, 1, "as-is", "wire")
    for representation, codec in (("as-is", "base64"), ("uint8", "orjson")):
        way = find_way(metadata, Wish(), spec, 1, representation, codec)
        told[representation] = compare_answers(live_target.endpoint, live_target.options, reference, way, 3, 60.0)
    assert told["as-is"].largest_change == 0
    assert 0 < told["uint8"].largest_change < 0.002
    assert told["as-is"].requests == told["uint8"].requests == 3
    short = compare_answers(live_target.endpoint, live_target.options, reference, reference, 3, 0.0)
    assert short.requests == 1


def test_outputs_are_paired_by_name_or_alone_and_others_are_refused() -> None:
    like = {"y": np.zeros((2, 3), np.float32)}
    assert _alike({"y_bytes": np.ones(6, np.float32)}, like)["y"].shape == (2, 3)
    assert _alike({"z": np.ones(6, np.float32)}, like)["y"].sum() == 6
    with pytest.raises(MeasureError, match="answers a, b, and not y"):
        _alike({"a": np.ones(6), "b": np.ones(6)}, like)
    with pytest.raises(MeasureError, match="other shapes"):
        _alike({"y": np.ones(5)}, like)
