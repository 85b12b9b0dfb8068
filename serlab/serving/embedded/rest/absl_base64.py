"""Base64 as ``absl::Base64Unescape`` takes it, which is what stands behind ``{"b64": …}``.

It allows white space anywhere, padding to be left out, ``.`` for ``=``, and left-over bits that are not zero
(absl/strings/escaping.cc in https://github.com/abseil/abseil-cpp).
"""

from __future__ import annotations

import binascii
import re

_DATA = re.compile(rb"([A-Za-z0-9+/\s]*)([=.\s]*)")
_SPACE = b" \t\n\v\f\r"


def unescape_base64(text: bytes) -> bytes | None:
    """Return the decoded bytes, or None where absl gives up."""
    match = _DATA.fullmatch(text)
    if match is None:
        return None
    data = match.group(1).translate(None, _SPACE)
    pads = len(match.group(2).translate(None, _SPACE))
    missing = -len(data) % 4
    if missing == 3 or pads not in (0, missing):
        return None
    return binascii.a2b_base64(data + b"=" * missing)
