"""Compressed requests."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest

from serlab.codecs.base import Call, GzipBody
from serlab.codecs.orjson_gzip import OrjsonGzipCodec
from serlab.codecs.orjson_numpy import OrjsonCodec
from serlab.errors import CodecError
from serlab.payload import parse_payload

TENSOR = parse_payload("tokens").build()
CALL = Call("echo", "echo_i64", "x", "y", TENSOR.dtype, TENSOR.shape)


def test_the_body_is_orjsons_in_one_gzip_member_that_says_what_it_is() -> None:
    body = OrjsonGzipCodec().encode(TENSOR, CALL)
    assert isinstance(body, GzipBody)
    assert body.content_encoding == "gzip"
    assert gzip.decompress(body) == OrjsonCodec().encode(TENSOR, CALL)
    assert len(body) < len(gzip.decompress(body)) / 2


def test_the_same_tensor_gives_the_same_bytes() -> None:
    assert OrjsonGzipCodec().encode(TENSOR, CALL) == OrjsonGzipCodec().encode(TENSOR.copy(), CALL)


@pytest.mark.parametrize(
    "spoil", [lambda body: body[:-9], lambda body: b"{}" + body, lambda body: body[:30] + b"x" * 9]
)
def test_a_body_that_is_not_a_whole_member_is_refused(spoil: Any) -> None:
    with pytest.raises(CodecError, match="gzip"):
        OrjsonGzipCodec().read_request(spoil(OrjsonGzipCodec().encode(TENSOR, CALL)), CALL)


def test_the_answer_is_read_uncompressed_as_the_server_sends_it() -> None:
    codec = OrjsonGzipCodec()
    assert np.array_equal(codec.decode(codec.write_response(TENSOR, CALL), CALL), TENSOR)
