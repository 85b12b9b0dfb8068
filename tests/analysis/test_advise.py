"""Ranking of ways: what is needed decides which qualify, paired rounds which can be told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from serlab.analysis.advise import Way, changes, parse_needs, rank, ratio, refusal
from serlab.errors import UsageError
from serlab.records.law import Route
from serlab.records.run import Interval
from serlab.records.send_less import AnswerChange, ValueChange

EXACT = ValueChange(0.0, 0.0, None, 0.0)
LOSSY = ValueChange(0.002, 0.001, 50.0, 0.002)


def way(codec: str, seconds: float, route: Route = "grpc", **more: Any) -> Way:
    """A way that takes ``seconds`` in round 0 and a little more in each of five others."""
    drifts = (1.0, 1.05, 1.1, 1.02, 1.3, 1.2)
    latency = {number: seconds * drift for number, drift in enumerate(drifts)}
    given: dict[str, Any] = {"values": EXACT, "request_bytes": 100, "response_bytes": 50, "latency": latency} | more
    return replace(Way("as-is", codec, "grpc" if route == "grpc" else "rest", route), **given)


def test_the_fastest_comes_first_with_what_it_saves() -> None:
    json = way("json", 0.3, "rest-numbers")
    found = rank([json, way("wire", 0.01), way("orjson", 0.1, "rest-numbers")], "exact", "latency", [json])
    assert [choice.way.codec for choice in found.choices] == ["wire", "orjson", "json"]
    assert found.choices[0].less_than["json"].median == pytest.approx(30)
    assert "json" not in found.choices[2].less_than
    assert found.choices[0].ties == {}


def test_what_cannot_be_told_apart_is_said_with_what_could() -> None:
    noisy = replace(way("tensor-proto", 0.01), latency=dict(enumerate((0.008, 0.012, 0.009, 0.013, 0.012, 0.0125))))
    found = rank([way("wire", 0.01), noisy], "exact", "latency")
    (told,) = found.choices[0].ties.values()
    assert told is not None
    assert told > 0.05


def test_a_way_left_behind_early_is_no_tie_and_few_rounds_are() -> None:
    once = replace(way("json", 1.0, "rest-numbers"), latency={0: 1.0})
    near = replace(way("base64", 0.0115, "rest-base64"), latency={0: 0.0115})
    found = rank([way("wire", 0.01), once, near], "exact", "latency")
    assert found.choices[0].ties == {"base64": None}


def test_lossy_ways_qualify_only_for_what_was_seen() -> None:
    lossy = replace(way("wire", 0.001), representation="uint8", values=LOSSY, effect="256 levels")
    assert refusal(lossy, "exact") == "256 levels"
    assert "was not measured" in refusal(lossy, "top1")
    assert refusal(lossy, "1e-3") == "the request changes by up to 0.002"
    assert refusal(lossy, "0.01") == ""
    seen = replace(lossy, answers=AnswerChange(16, 1, 4, 5e-4))
    assert refusal(seen, "1e-3") == ""
    assert refusal(seen, "top1") == "top-1 changed on 1 of 16 requests"
    assert refusal(replace(lossy, answers=AnswerChange(16, 0, 4, 5e-4)), "top1") == ""
    assert refusal(replace(lossy, answers=AnswerChange(16, None, None, 5e-4)), "top1") != ""
    assert "LOSSY" in seen.label


def test_only_lossy_ways_for_exact_needs_are_refused_with_each_reason() -> None:
    lossy = replace(way("wire", 0.001), representation="uint8", values=LOSSY, effect="256 levels")
    failed = replace(way("json", 1.0), latency={}, failure="the server says no")
    with pytest.raises(UsageError, match=r"no way that was offered is exact: uint8 over wire.*256 levels.*says no"):
        rank([lossy, failed], "exact", "latency")
    with pytest.raises(UsageError, match="nothing can carry this: json: the server says no"):
        rank([failed], "exact", "latency")


def test_float64_as_json_is_not_exact() -> None:
    number = replace(way("orjson", 0.1, "rest-numbers"), dtypes=("float64",))
    assert "ULP" in refusal(number, "exact")
    assert "ULP" in number.exactness
    assert refusal(replace(number, route="rest-base64"), "exact") == ""
    unlike = replace(way("orjson", 0.1), answers=AnswerChange(4, None, None, 0.5))
    assert "differ" in refusal(unlike, "exact")


@pytest.mark.parametrize(("optimise", "first"), [("bytes", "small"), ("memory", "lean"), ("throughput", "busy")])
def test_other_aims_have_other_orders(optimise: Any, first: str) -> None:
    ways = [
        way("small", 3.0, request_bytes=1, peak_bytes=900, throughput={0: 3.0}),
        way("lean", 2.0, request_bytes=200, peak_bytes=9, throughput={0: 2.0}),
        way("busy", 1.0, request_bytes=300, peak_bytes=800, throughput={0: 0.5}),
    ]
    assert rank(ways, "exact", optimise).choices[0].way.codec == first


def test_predictions_on_one_route_share_its_error() -> None:
    routes: tuple[tuple[Route, float], ...] = (("grpc", 0.02), ("grpc", 0.01), ("rest-base64", 0.015))
    one, other, third = (
        replace(Way("as-is", route, "grpc", route), values=EXACT, predicted=Interval(s, s * 0.6, s * 1.7, 0))
        for route, s in routes
    )
    same, across = ratio(one, other, "latency"), ratio(third, other, "latency")
    assert same is not None
    assert across is not None
    assert same.low > 1
    assert across.low < 1 < across.high


def test_the_answer_changes_where_another_codec_wins_by_more_than_a_tie() -> None:
    totals = {10: {"a": 1.0, "b": 2.0}, 100: {"a": 2.1, "b": 2.0}, 1000: {"a": 20.0, "b": 9.0}}
    (change,) = changes(totals, 4)
    assert (change.elements, change.raw_bytes, change.before, change.codec) == (1000, 4000, "a", "b")
    assert changes({}, 4) == ()


@pytest.mark.parametrize("text", ["", "nan", "0", "-1", "inf", "about"])
def test_needs_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(UsageError, match="say exact, top1"):
        parse_needs(text)
