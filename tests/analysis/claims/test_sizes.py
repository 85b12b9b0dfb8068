"""Claims about sizes, parsing and copies: each one's verdict from evidence on either side of its rule."""

from __future__ import annotations

import pytest

from serlab.records.claims import (
    NOT_REPRODUCED,
    REPRODUCED,
    Series,
)
from tests.analysis.claims.made_up import same, verdict


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
