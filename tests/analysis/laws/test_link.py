"""What a link adds, and where a smaller body beats a cheaper codec."""

from __future__ import annotations

import pytest

from serlab.analysis.laws.link import Compression, Link, crossover, over, parse_link, ranked
from serlab.errors import UsageError
from serlab.records.prediction import Prediction
from serlab.records.run import Interval

MBIT = 1e6


def call(codec: str, size: int, total_s: float) -> Prediction:
    blank = Interval(total_s, total_s, total_s, 0)
    return Prediction("image", codec, "grpc", size, 40, 0.0, total_s, 0.0, blank)


@pytest.mark.parametrize(
    ("text", "bits", "delay"),
    [("100Mbit,20ms", 1e8, 0.02), ("1Gbit", 1e9, 0.0), ("512kbit,0.5ms", 512e3, 0.0005), ("2.5GBIT,80MS", 2.5e9, 0.08)],
)
def test_a_link_is_a_rate_and_a_round_trip(text: str, bits: float, delay: float) -> None:
    link = parse_link(text)
    assert (link.bits_per_s, link.round_trip_s) == (pytest.approx(bits), pytest.approx(delay))


@pytest.mark.parametrize("text", ["", "100", "100Mbit,20", "0Mbit", "-5Mbit", "100MB,20ms", "100Mbit 20ms", "1e3Mbit"])
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--link"):
        parse_link(text)


def test_bodies_cross_once_each_and_a_call_waits_for_one_round_trip() -> None:
    link = Link(100 * MBIT, 0.02)
    assert link.added_s(1_250_000, 0) == pytest.approx(0.02 + 0.1 * (1 + 70 / 1448), rel=1e-3)
    assert link.added_s(1_250_000, 1_250_000) - link.added_s(1_250_000, 0) == pytest.approx(0.1048, rel=1e-2)
    assert link.added_s(0, 0) == pytest.approx(0.02)


def test_on_a_cold_connection_the_window_grows_by_round_trips() -> None:
    warm, cold = Link(1000 * MBIT, 0.08), Link(1000 * MBIT, 0.08, warm=False)
    small, large = 10 * 1448, 600_000
    assert cold.added_s(small, 0) == pytest.approx(warm.added_s(small, 0))  # ten segments go at once
    # 415 segments: 10, 20, 40, 80, 160, 320: five more round trips.
    assert cold.added_s(large, 0) - warm.added_s(large, 0) == pytest.approx(5 * 0.08)


def test_a_slow_link_turns_the_order_where_the_crossover_says() -> None:
    wire, jpeg = call("wire", 602_000, 0.002), call("jpeg", 60_000, 0.008)
    bare = Link(1e15)
    found = crossover(over(bare, wire), over(bare, jpeg))
    assert found is not None
    assert (found.smaller, found.cheaper) == ("jpeg", "wire")
    for factor, winner in ((0.9, "jpeg"), (1.1, "wire")):
        link = Link(found.bits_per_s * factor)
        assert ranked([over(link, wire), over(link, jpeg)])[0].codec == winner


def test_no_crossover_where_one_is_smaller_and_cheaper() -> None:
    bare = Link(1e15)
    assert crossover(over(bare, call("wire", 600, 0.001)), over(bare, call("json", 3_000, 0.002))) is None


def test_compression_costs_its_cpu_and_saves_its_payloads_bytes() -> None:
    gzip = Compression("gzip", request_ratio=0.5, request_s=0.03)
    slow, fast = Link(10 * MBIT), Link(10_000 * MBIT)
    plain = call("orjson", 1_700_000, 0.07)
    assert over(slow, plain, gzip).total_s < over(slow, plain).total_s
    assert over(fast, plain, gzip).total_s > over(fast, plain).total_s
    assert over(slow, plain, gzip).request_bytes == 850_000
