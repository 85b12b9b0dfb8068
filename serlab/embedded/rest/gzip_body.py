"""Gzip-compressed request bodies, by the rules of TensorFlow Serving's HTTP server.

A body that declares ``Content-Encoding: gzip`` must be exactly one gzip member of at most 100 MiB; anything else reads
as an empty body (tensorflow_serving/util/net_http/compression/gzip_zlib.cc and server/internal/evhttp_request.cc).
"""

from __future__ import annotations

import zlib

#: ZLib::kMaxUncompressedBytes.
MAX_INFLATED_BYTES = 100 << 20

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_FOOTER_BYTES = 8


def inflated(body: bytes) -> bytes:
    """Return the inflated body, b"" if it is not a whole gzip member or too large."""
    if len(body) < _FOOTER_BYTES or int.from_bytes(body[-4:], "little") > MAX_INFLATED_BYTES:
        return b""
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        text = stream.decompress(body, MAX_INFLATED_BYTES)
    except zlib.error:
        return b""
    return text if stream.eof and not stream.unused_data else b""
