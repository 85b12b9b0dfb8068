"""Claims about single calls and ResNet-50: each one's verdict from evidence on either side of its rule."""

from __future__ import annotations

import pytest

from serlab.records.claims import (
    INCONSISTENT,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    SAME_DIRECTION,
    Series,
)
from tests.analysis.claims.made_up import calls, same, verdict


def test_latency_1k_and_who_closes_the_gap() -> None:
    judged = verdict("latency-1k", *calls("vector-1k", json=2.5e-3, orjson=1.1e-3, base64=0.9e-3, tensor_proto=1e-3))
    assert judged.verdict == REPRODUCED
    assert judged.measured[0].value.median == pytest.approx(2.5)
    assert "closes the gap: orjson 1.10x, base64 0.90x" in judged.finding


def test_http_that_is_not_slower_is_not_reproduced() -> None:
    judged = verdict("latency-1k", *calls("vector-1k", json=0.9e-3, orjson=0.8e-3, tensor_proto=1e-3))
    assert judged.verdict == NOT_REPRODUCED
    assert "not slower" in judged.finding


@pytest.mark.parametrize(
    ("small", "large", "expected"), [(2.0, 5.5, REPRODUCED), (2.0, 2.5, SAME_DIRECTION), (6.0, 5.5, SAME_DIRECTION)]
)
def test_latency_10k_has_to_be_a_larger_gap_than_at_1k(small: float, large: float, expected: str) -> None:
    listed = calls("vector-1k", json=small, tensor_proto=1.0) + calls("vector-10k", json=large, tensor_proto=1.0)
    assert verdict("latency-10k", *listed).verdict == expected


@pytest.mark.parametrize(("ratio", "expected"), [(2.7, REPRODUCED), (4.5, SAME_DIRECTION), (1.5, SAME_DIRECTION)])
def test_resnet_p50_tells_direction_from_size(ratio: float, expected: str) -> None:
    assert verdict("resnet-p50", *calls("image", json=ratio, orjson=1.2, tensor_proto=1.0)).verdict == expected


def test_resnet_p99_needs_662_calls_per_client() -> None:
    few = verdict("resnet-p99", *calls("image", json=4.5, tensor_proto=1.0))
    assert few.verdict == NOT_TESTABLE
    assert "662" in few.needs
    many = [
        Series("latency", "s", dict.fromkeys(range(6), (seconds,) * 140), codec, "image")
        for codec, seconds in (("json", 2.7), ("tensor-proto", 1.0))
    ]
    assert verdict("resnet-p99", *many).verdict == REPRODUCED


def test_resnet_qps_shows_what_was_measured_beside_the_contradiction() -> None:
    judged = verdict(
        "resnet-qps",
        same("throughput", 4.0, "1/s", codec="json"),
        same("throughput", 15.0, "1/s", codec="orjson"),
        same("throughput", 16.0, "1/s", codec="tensor-proto"),
    )
    assert judged.verdict == INCONSISTENT
    assert judged.measured[0].value.median == 4.0
    assert "0.94x of gRPC" in judged.finding


def test_resnet_bandwidth_is_inconsistent() -> None:
    judged = verdict(
        "resnet-bandwidth",
        same("bytes per request", 3.0e6, "bytes", codec="json"),
        same("bytes per request", 6.0e5, "bytes", codec="tensor-proto"),
    )
    assert judged.verdict == INCONSISTENT
    assert judged.measured[0].value.median == pytest.approx(5.0)


@pytest.mark.parametrize(("ratio", "expected"), [(1.4, REPRODUCED), (4.0, SAME_DIRECTION), (1.0, NOT_REPRODUCED)])
def test_resnet_cpu_is_per_request(ratio: float, expected: str) -> None:
    judged = verdict("resnet-cpu", same("CPU", ratio, codec="json"), same("CPU", 1.0, codec="tensor-proto"))
    assert judged.verdict == expected
