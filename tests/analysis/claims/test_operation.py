"""Claims about channels, memory and servers: each one's verdict from evidence on either side of its rule."""

from __future__ import annotations

import pytest

from serlab.analysis.claims.judge import judge
from serlab.records.claims import (
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    Evidence,
    Series,
)
from tests.analysis.claims.made_up import same, verdict


@pytest.mark.parametrize(
    ("default", "raised", "size", "expected"),
    [
        ("RESOURCE_EXHAUSTED", "ok", 9_633_861, REPRODUCED),
        ("ok", "ok", 9_633_861, NOT_REPRODUCED),
        ("RESOURCE_EXHAUSTED", "UNAVAILABLE", 9_633_861, NOT_REPRODUCED),
        ("RESOURCE_EXHAUSTED", "ok", 1_000, NOT_REPRODUCED),
    ],
)
def test_message_limit(default: str, raised: str, size: int, expected: str) -> None:
    judged = verdict(
        "message-limit", same("response bytes", size, "bytes"), default_options=default, with_the_option=raised
    )
    assert judged.verdict == expected


def overlaps(rest: float, grpc: float) -> list[Series]:
    return [
        same("overlap", rest, "ratio", setting="REST, one connection"),
        same("overlap", 1.0, "ratio", setting="REST, a connection per call"),
        same("overlap", grpc, "ratio", setting="gRPC, one connection"),
        same("small behind large", 0.03, setting="REST, one connection"),
        same("small behind large", 0.01, setting="REST, a connection per call"),
    ]


@pytest.mark.parametrize(
    ("rest", "grpc", "expected"), [(6.6, 1.0, REPRODUCED), (1.2, 1.0, NOT_REPRODUCED), (7.0, 6.0, NOT_REPRODUCED)]
)
def test_multiplexing_is_shown_when_calls_take_turns_over_http1_and_overlap_over_http2(
    rest: float, grpc: float, expected: str
) -> None:
    judged = verdict("multiplexing", *overlaps(rest, grpc))
    assert judged.verdict == expected
    told = {quantity.label: quantity.value.median for quantity in judged.measured}
    assert told["small calls behind a large one: REST, one connection ÷ one per call"] == pytest.approx(3.0)


def test_streams_cannot_be_tried_and_what_was_measured_in_their_place_is_shown() -> None:
    frames = [same("frames per second", rate, "1/s", setting=f"{n} in flight") for n, rate in ((1, 100.0), (8, 250.0))]
    judged = verdict("streaming", *frames, methods=5, streaming_methods=0)
    assert judged.verdict == NOT_TESTABLE
    assert "0 of the 5 methods" in judged.finding
    assert judged.measured[0].value.median == pytest.approx(2.5)


def uploads(chunked_small: float, chunked_large: float, whole: float) -> list[Series]:
    small = "4x224x224x3:float32"
    return [
        same("peak", chunked_small, "bytes", payload=small, setting="chunked"),
        same("peak", chunked_large, "bytes", payload="batch-16", setting="chunked"),
        same("peak", whole, "bytes", payload="batch-16", setting="whole body"),
    ]


@pytest.mark.parametrize(
    ("peaks", "expected"),
    [((2e5, 2e5, 1e8), REPRODUCED), ((2e5, 8e5, 1e8), NOT_REPRODUCED), ((2e8, 2e8, 1e8), NOT_REPRODUCED)],
)
def test_memory_chunk_is_bounded_when_it_does_not_grow_with_the_batch(
    peaks: tuple[float, float, float], expected: str
) -> None:
    assert verdict("memory-chunk", *uploads(*peaks)).verdict == expected


@pytest.mark.parametrize(("gain", "expected"), [(1.4, REPRODUCED), (1.0, NOT_REPRODUCED), (0.8, NOT_REPRODUCED)])
def test_batching(gain: float, expected: str) -> None:
    judged = verdict(
        "batching",
        same("throughput", 10.0, "1/s", setting="no batching"),
        same("throughput", 10.0 * gain, "1/s", setting="8 in 1 ms"),
        same("throughput", 5.0, "1/s", setting="64 in 50 ms"),
    )
    assert judged.verdict == expected
    assert "8 in 1 ms" in judged.finding


def test_dual_protocol() -> None:
    through = [
        same("latency", value, codec=codec, payload="image", setting=setting)
        for codec in ("orjson", "wire")
        for setting, value in (("direct", 1.0), ("gateway", 1.2))
    ]
    judged = verdict("dual-protocol", *through, same_answers=True)
    assert judged.verdict == REPRODUCED
    assert [quantity.value.median for quantity in judged.measured] == pytest.approx([0.2, 1.2, 0.2, 1.2])
    assert verdict("dual-protocol", *through, same_answers=False).verdict == NOT_REPRODUCED


@pytest.mark.parametrize("claim", ["proto-compat", "http2-blocked"])
def test_a_fault_is_detected_when_every_case_is_told_right(claim: str) -> None:
    right = {"said of this server": "ok", "expected of this server": "ok", "said of a fault": "found",
             "expected of a fault": "found"}  # fmt: skip
    assert judge(claim, Evidence("e", facts=right)).judgement.verdict == REPRODUCED
    missed = {**right, "said of a fault": "ok"}
    assert judge(claim, Evidence("e", facts=missed)).judgement.verdict == NOT_REPRODUCED
