from __future__ import annotations

import pytest

from serlab.analysis.claims.arithmetic import (
    GRPC,
    HTTP,
    bandwidth_contradiction,
    bits_per_second,
    cpu_per_request_ratio,
    most_throughput,
    needed_latency_s,
    throughput_contradiction,
)


def test_fifty_in_flight_at_42_ms_complete_at_most_1190_per_second() -> None:
    assert most_throughput(50, 0.042) == pytest.approx(1190.5, abs=0.1)


def test_1420_per_second_with_fifty_in_flight_needs_a_mean_below_35_2_ms() -> None:
    assert needed_latency_s(50, 1420) == pytest.approx(0.0352, abs=5e-5)


def test_1420_images_per_second_are_6_8_gigabits() -> None:
    assert bits_per_second(1420, 602_112) == pytest.approx(6.84e9, rel=1e-3)


def test_the_articles_own_figures_contradict_each_other_in_both_protocols() -> None:
    assert "1,190/s" in throughput_contradiction(GRPC)
    assert "35.2 ms" in throughput_contradiction(GRPC)
    assert "455/s" in throughput_contradiction(HTTP)
    assert "6.8 Gbit/s, not 1.2" in bandwidth_contradiction(GRPC)
    assert "10.8 Gbit/s, not 2.7" in bandwidth_contradiction(HTTP)


def test_figures_that_agree_are_no_contradiction() -> None:
    from dataclasses import replace

    assert throughput_contradiction(replace(GRPC, throughput=1000.0)) == ""
    assert bandwidth_contradiction(replace(GRPC, bandwidth=7e9)) == ""


def test_the_articles_cpu_shares_are_four_times_per_request() -> None:
    assert cpu_per_request_ratio() == pytest.approx(4.18, abs=0.01)
