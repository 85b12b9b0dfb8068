from __future__ import annotations

import gzip

import pytest

from serlab.embedded.rest.gzip_body import MAX_INFLATED_BYTES, inflated

BODY = gzip.compress(b'{"instances":[1]}')


def test_one_whole_member_is_inflated() -> None:
    assert inflated(BODY) == b'{"instances":[1]}'


def test_a_header_may_say_more_than_it_has_to() -> None:
    fields = b"\x02\0ab" + b"name\0" + b"comment\0" + b"??"
    assert inflated(BODY[:3] + b"\xff" + BODY[4:10] + fields + BODY[10:]) == b'{"instances":[1]}'


@pytest.mark.parametrize(
    "body",
    [b"", b"\x1f", b"plain text", BODY[:-1], BODY[:-4] + b"\0\0\0\0", BODY + b"x", BODY + BODY, b"\0" + BODY],
    ids=["nothing", "a byte", "no gzip", "truncated", "wrong length", "a byte more", "two members", "a byte before"],
)
def test_anything_else_reads_as_an_empty_body(body: bytes) -> None:
    assert inflated(body) == b""


def test_a_bomb_is_not_inflated_beyond_the_limit() -> None:
    bomb = gzip.compress(bytes(MAX_INFLATED_BYTES + 1))
    assert len(bomb) < 200_000
    assert inflated(bomb) == b""


def test_a_bomb_that_lies_about_its_length_is_not_inflated_either() -> None:
    bomb = gzip.compress(bytes(MAX_INFLATED_BYTES + 1))[:-4] + (10).to_bytes(4, "little")
    assert inflated(bomb) == b""
