"""A law says where it does not hold (refusals, limits, slowing down, some sizes) and what it cannot tell apart."""

from __future__ import annotations

from dataclasses import replace

from serlab.analysis.laws.fit import fit_route
from serlab.analysis.laws.holds import judged
from serlab.records.law import LawPoint, RouteLaw

SIZES = (300, 2_000, 10_000, 40_000, 200_000, 900_000, 3_000_000)


def point(kind: str, request: int, response: int) -> LawPoint:
    seconds = 5e-4 + 1e-9 * request + 4e-9 * response
    return LawPoint("grpc", request, response, seconds, seconds, seconds, 50, kind, (seconds, seconds, seconds))


def points() -> list[LawPoint]:
    shapes = [(k, q, p) for n in SIZES for k, q, p in (("eat", n, 40), ("make", 40, n), ("echo", n, n))]
    return [point(*shape) for shape in shapes]


def judge(given: list[LawPoint]) -> RouteLaw:
    return judged(fit_route("grpc", given), given)


def test_a_law_that_holds_says_nothing() -> None:
    law = judge(points())
    assert (law.holds, law.remarks) == (True, ())


def test_refused_sizes_are_named() -> None:
    given = [
        replace(p, calls=0, median_s=0.0, passes_s=(), failed=1, error="RESOURCE_EXHAUSTED: too large")
        if p.request_bytes > 500_000
        else p
        for p in points()
    ]
    law = judge(given)
    assert not law.holds
    assert "eat of 900,000 B" in law.remarks[0]
    assert "RESOURCE_EXHAUSTED" in law.remarks[0]
    assert law.request_bytes[1] == 200_000  # and the fit is over what was answered


def test_a_server_that_limits_calls_is_not_timed_in_silence() -> None:
    given = [replace(p, failed=1, error="429: slow down") if p.kind == "echo" else p for p in points()]
    law = judge(given)
    assert not law.holds
    assert "429" in law.remarks[0]


def test_slowing_down_midway_is_seen_in_later_passes() -> None:
    given = [replace(p, passes_s=(p.median_s, p.median_s, 2 * p.median_s)) for p in points()]
    law = judge(given)
    assert not law.holds
    assert "slowed down midway: pass 3 took 2.0 times the first" in law.remarks[0]


def test_one_slow_pass_of_few_sizes_is_not_the_server() -> None:
    given = [replace(p, passes_s=(p.median_s, p.median_s, 9 * p.median_s)) if p.kind == "eat" else p for p in points()]
    assert judge(given).holds


def test_a_range_of_sizes_that_falls_out_is_told() -> None:
    given = [
        replace(p, median_s=0.044) if p.kind == "make" and 5_000 < p.response_bytes < 50_000 else p for p in points()
    ]
    law = judge(given)
    assert not law.holds
    assert "make between 40 B in, 10,000 B out and 40 B in, 40,000 B out" in law.remarks[0]


def test_what_grows_together_cannot_be_told_apart() -> None:
    law = judge([p for p in points() if p.kind == "echo"])
    assert law.holds  # it predicts echoes
    assert "only the sum" in law.remarks[0]
    assert "response hardly changes" in judge([p for p in points() if p.kind == "eat"]).remarks[0]
