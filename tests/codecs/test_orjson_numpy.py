"""Compressed requests."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call, GzipBody, TensorSpec
from serlab.codecs.orjson_numpy import OrjsonCodec, OrjsonGzipCodec
from serlab.errors import CodecError, UsageError
from serlab.payload import parse_payload

TENSOR = parse_payload("tokens").array()
SPEC = {"x": TensorSpec("int64", TENSOR.shape)}
CALL = Call("echo", "echo_i64", SPEC, SPEC)


def test_the_body_is_orjsons_in_one_gzip_member_that_says_what_it_is() -> None:
    body = OrjsonGzipCodec().encode({"x": TENSOR}, CALL)
    assert isinstance(body, GzipBody)
    assert body.content_encoding == "gzip"
    assert gzip.decompress(body) == OrjsonCodec().encode({"x": TENSOR}, CALL)
    assert len(body) < len(gzip.decompress(body)) / 2


def test_the_same_tensor_gives_the_same_bytes() -> None:
    assert OrjsonGzipCodec().encode({"x": TENSOR}, CALL) == OrjsonGzipCodec().encode({"x": TENSOR.copy()}, CALL)


@pytest.mark.parametrize(
    "spoil", [lambda body: body[:-9], lambda body: b"{}" + body, lambda body: body[:30] + b"x" * 9]
)
def test_a_body_that_is_not_a_whole_member_is_refused(spoil: Any) -> None:
    with pytest.raises(CodecError, match="gzip"):
        OrjsonGzipCodec().read_request(spoil(OrjsonGzipCodec().encode({"x": TENSOR}, CALL)), CALL)


def test_the_answer_is_read_uncompressed_as_the_server_sends_it() -> None:
    codec = OrjsonGzipCodec()
    assert np.array_equal(codec.decode(codec.write_response({"x": TENSOR}, CALL), CALL)["x"], TENSOR)


def test_the_level_is_a_parameter_that_the_name_tells() -> None:
    codec = registry.get("orjson-gzip:level=9")
    assert codec.name == "orjson-gzip:level=9"
    assert registry.canonical("orjson-gzip:level=6") == "orjson-gzip"
    fast = registry.get("orjson-gzip:level=1")
    assert len(codec.encode({"x": TENSOR}, CALL)) <= len(fast.encode({"x": TENSOR}, CALL))
    with pytest.raises(UsageError, match="level 12"):
        registry.get("orjson-gzip:level=12")
