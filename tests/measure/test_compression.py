"""Compression is of the payload's own body: numbers as text shrink, random bytes hardly do."""

from __future__ import annotations

from serlab.measure.calls import Subject
from serlab.measure.compression import measure_compression


def test_text_shrinks_and_random_bytes_do_not() -> None:
    text = measure_compression(Subject("1x2000:float32", 1), "orjson")
    raw = measure_compression(Subject("1x2000:float32", 1), "wire")
    assert text is not None
    assert raw is not None
    assert (text.name, raw.name) == ("gzip", "gRPC gzip")
    assert text.request_ratio < 0.6 < raw.request_ratio
    assert text.request_s > 0
    assert (text.response_ratio, text.response_s) == (1.0, 0.0)  # servers answer uncompressed


def test_what_the_values_are_decides() -> None:
    noise = measure_compression(Subject("1x2000:float32", 1), "wire")
    whole = measure_compression(Subject("1x2000:float32:integers", 1), "wire")
    assert noise is not None
    assert whole is not None
    assert whole.request_ratio < noise.request_ratio / 2


def test_a_codec_that_compresses_is_not_compressed_again() -> None:
    assert measure_compression(Subject("1x2000:float32", 1), "orjson-gzip") is None
