from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serlab.embedded.rest.json_tensor import unescape_base64


@given(st.binary())
def test_what_was_encoded_is_decoded_with_and_without_padding(data: bytes) -> None:
    text = base64.b64encode(data)
    assert unescape_base64(text) == data
    assert unescape_base64(text.rstrip(b"=")) == data
    assert unescape_base64(text.replace(b"=", b".")) == data


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b"A A\tA\nA", b"\0\0\0"),
        (b" AA= = ", b"\0"),
        (b"AB", b"\0"),  # four bits left over that are not zero
        (b"", b""),
        (b"AAA=A", None),
        (b"AA=", None),
        (b"AAAA=", None),
        (b"A", None),
        (b"A===", None),
        (b"=", None),
        (b"AA-_", None),
        (b"AAA\0", None),
    ],
)
def test_absl_takes_white_space_and_odd_ends_but_no_wrong_padding(text: bytes, wanted: bytes | None) -> None:
    assert unescape_base64(text) == wanted
