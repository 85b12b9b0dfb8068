"""Each claim's verdict from evidence on either side of its rule."""

from __future__ import annotations

import pytest

from serlab.analysis.claims.catalogue import CLAIMS
from serlab.analysis.claims.judge import JUDGES, SERVER_SHARE, judge
from serlab.errors import UnknownNameError
from serlab.records import evidence as said
from serlab.records.claims import (
    INCONSISTENT,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    SAME_DIRECTION,
    Evidence,
    Judgement,
    Series,
    Unit,
)

ROUNDS = 6


def same(
    quantity: str, value: float, unit: Unit = "s", *, codec: str = "", payload: str = "", setting: str = ""
) -> Series:
    """A series of one equal sample per round."""
    return Series(quantity, unit, dict.fromkeys(range(ROUNDS), (value,)), codec, payload, setting)


def verdict(claim: str, *listed: Series, **facts: str | int | bool) -> Judgement:
    named = {name.replace("_", " "): value for name, value in facts.items()}
    return judge(claim, Evidence("e", listed, named)).judgement


def test_every_claim_has_a_judge_and_every_judge_a_claim() -> None:
    assert list(JUDGES) == list(CLAIMS)


def test_an_unknown_claim_is_named() -> None:
    with pytest.raises(UnknownNameError, match="size-raw"):
        judge("size-row", Evidence("e"))


@pytest.mark.parametrize("claim", sorted(set(CLAIMS) - {"resnet-qps", "resnet-bandwidth"}))
def test_what_could_not_be_measured_is_not_testable_with_the_reason(claim: str) -> None:
    judged = judge(claim, Evidence("e", missing="the server is gone", needs="a server")).judgement
    assert (judged.verdict, judged.finding, judged.needs) == (NOT_TESTABLE, "the server is gone", "a server")


@pytest.mark.parametrize("claim", ["resnet-qps", "resnet-bandwidth"])
def test_what_contradicts_arithmetic_is_inconsistent_even_unmeasured(claim: str) -> None:
    judged = judge(claim, Evidence("e", missing="the server is gone")).judgement
    assert judged.verdict == INCONSISTENT
    assert "/s" in judged.finding


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_judge_fails_on_empty_evidence(claim: str) -> None:
    assert judge(claim, Evidence("e")).judgement.verdict in (NOT_REPRODUCED, NOT_TESTABLE, INCONSISTENT)


def test_size_raw() -> None:
    assert verdict("size-raw", same("raw bytes", 602_112, "bytes", payload="image")).verdict == REPRODUCED
    assert verdict("size-raw", same("raw bytes", 602_113, "bytes", payload="image")).verdict == NOT_REPRODUCED


@pytest.mark.parametrize(("size", "expected"), [(3_151_616, REPRODUCED), (1_700_960, NOT_REPRODUCED)])
def test_size_json_is_about_the_articles_own_client(size: int, expected: str) -> None:
    def body(codec: str, distribution: str, length: int) -> Series:
        return same("request bytes", length, "bytes", codec=codec, payload="image", setting=distribution)

    judged = verdict("size-json", body("orjson", "uniform", 1_700_960), body("json", "uniform", size))
    assert judged.verdict == expected
    assert judged.measured[0].value.median == size


@pytest.mark.parametrize(("size", "expected"), [(602_138, REPRODUCED), (802_877, NOT_REPRODUCED)])
def test_size_proto(size: int, expected: str) -> None:
    assert verdict("size-proto", same("message bytes", size, "bytes", payload="image")).verdict == expected


def decoders(small: float, large: float) -> list[Series]:
    """json takes ``small`` times the time of tensor-proto for the vector, and ``large`` times for the image."""
    return [
        same("decode", small * 1e-5, codec="json", payload="vector-1k"),
        same("decode", 1e-5, codec="tensor-proto", payload="vector-1k", setting="values"),
        same("decode", large * 1e-3, codec="json", payload="image"),
        same("decode", 1e-3, codec="tensor-proto", payload="image", setting="values"),
    ]


def test_parse_speed_has_to_hold_at_every_size() -> None:
    assert verdict("parse-speed", *decoders(12, 40)).verdict == REPRODUCED
    judged = verdict("parse-speed", *decoders(1.5, 40))
    assert judged.verdict == NOT_REPRODUCED
    assert [quantity.value.median for quantity in judged.measured] == pytest.approx([1.5, 40])
    assert "40.0x (image), 1.5x (vector-1k)" in judged.finding


def test_zero_copy() -> None:
    def allocated(copies: float) -> Series:
        return same("allocated", copies, "ratio", codec="make_tensor_proto", payload="image")

    assert verdict("zero-copy", allocated(0.01)).verdict == REPRODUCED
    judged = verdict("zero-copy", allocated(2.07))
    assert judged.verdict == NOT_REPRODUCED
    assert "2.1x" in judged.finding


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, REPRODUCED), (0.05, NOT_REPRODUCED), (4.0, NOT_REPRODUCED)])
def test_tolist_time_is_hundreds_of_milliseconds(seconds: float, expected: str) -> None:
    assert verdict("tolist-time", same("time", seconds, codec="tolist", payload="batch-100")).verdict == expected


def test_tolist_time_says_what_the_garbage_collector_takes() -> None:
    judged = verdict(
        "tolist-time",
        same("time", 4.0, codec="tolist", payload="batch-100"),
        same("time", 1.0, codec="tolist", payload="batch-100", setting="collector paused"),
    )
    assert "75%" in judged.finding


@pytest.mark.parametrize(("peak", "expected"), [(13.4, REPRODUCED), (1.5, NOT_REPRODUCED)])
def test_tolist_memory(peak: float, expected: str) -> None:
    assert verdict("tolist-memory", same("peak", peak, "ratio", codec="tolist", payload="image")).verdict == expected


def calls(payload: str, **seconds: float) -> list[Series]:
    return [same("latency", value, codec=codec.replace("_", "-"), payload=payload) for codec, value in seconds.items()]


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


def on_stand_in(claim: str, *listed: Series, **facts: str | float | bool) -> Judgement:
    named = {name.replace("_", " "): value for name, value in facts.items()}
    return judge(claim, Evidence("e", listed, named), instance="embedded").judgement


def predicted(payload: str, exchange: float, **seconds: float) -> list[Series]:
    listed = []
    for codec, value in seconds.items():
        name = codec.replace("_", "-")
        listed.append(same(said.PREDICTED, value, codec=name, payload=payload))
        listed.append(same(said.PREDICTED_EXCHANGE, exchange, codec=name, payload=payload))
    return listed


@pytest.mark.parametrize("claim", sorted(SERVER_SHARE - {"dual-protocol", "resnet-qps"}))
def test_the_stand_ins_own_time_decides_no_claim_about_the_server(claim: str) -> None:
    listed = [
        *calls("vector-1k", json=2.6, tensor_proto=1.0),
        *calls("vector-10k", json=5.5, tensor_proto=1.0),
        *calls("image", json=2.6, tensor_proto=1.0),
        same("CPU", 1.5, codec="json"),
        same("CPU", 1.0, codec="tensor-proto"),
        same("throughput", 10.0, "1/s", setting="no batching"),
        same("throughput", 15.0, "1/s", setting="8 in 1 ms"),
    ]
    judged = on_stand_in(claim, *listed)
    assert judged.verdict == NOT_TESTABLE
    assert "--serving binary" in judged.needs or "662 calls" in judged.needs
    assert all(quantity.label.endswith("(stand-in)") for quantity in judged.measured)


def test_a_prediction_decides_where_it_is_sure_enough() -> None:
    measured = calls("vector-1k", json=1.0, tensor_proto=1.0)  # the stand-in's own: no gap at all
    sure = predicted("vector-1k", 0.1, json=2.6, tensor_proto=1.0)
    judged = on_stand_in("latency-1k", *measured, *sure, law="mine", **{"law's spread, json": 0.3})
    assert judged.verdict == REPRODUCED
    assert judged.measured[0].value.median == pytest.approx(2.6)
    assert "predicted for TensorFlow Serving by mine" in judged.finding
    unsure = predicted("vector-1k", 0.9, json=1.4, tensor_proto=1.0)
    spreads = {"law's spread, json": 0.6, "law's spread, tensor-proto": 0.6}
    open_ = on_stand_in("latency-1k", *measured, *unsure, law="mine", **spreads)
    assert open_.verdict == NOT_TESTABLE
    assert open_.measured[0].value.low < 1.0 < 2.0 < open_.measured[0].value.high


def test_what_came_back_is_the_real_servers_also_on_the_stand_in() -> None:
    ways = (("direct", 1.0), ("gateway", 2.0))
    through = [same("latency", value, codec="wire", payload="image", setting=way) for way, value in ways]
    judged = on_stand_in("dual-protocol", *through, same_answers=True)
    assert (judged.verdict, judged.measured) == (REPRODUCED, ())


def test_arithmetic_contradicts_on_any_server() -> None:
    assert on_stand_in("resnet-qps", same("throughput", 4.0, "1/s", codec="json")).verdict == INCONSISTENT


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


def exact(codec: str, place: str, altered: int) -> Series:
    return Series("exact", "count", {0: (0.0,) * altered + (1.0,) * (1000 - altered)}, codec, setting=place)


@pytest.mark.parametrize(
    ("json_altered", "grpc_altered", "expected"),
    [(280, 0, REPRODUCED), (0, 0, NOT_REPRODUCED), (280, 9, NOT_REPRODUCED)],
)
def test_json_precision_is_lost_where_json_alters_and_grpc_does_not(
    json_altered: int, grpc_altered: int, expected: str
) -> None:
    judged = verdict(
        "json-precision",
        exact("json", "offline", 0),
        exact("json", "live", json_altered),
        exact("tensor-proto", "live", grpc_altered),
        JSON_codecs="json,orjson",
    )
    assert judged.verdict == expected
    worst = judged.measured[0].value
    assert worst.median == pytest.approx(max(json_altered, grpc_altered) / 1000)
    assert worst.low <= worst.median <= worst.high


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
