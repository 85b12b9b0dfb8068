"""Gzip-compressed request bodies, by the rules of TensorFlow Serving's HTTP server.

A body that declares ``Content-Encoding: gzip`` must be exactly one gzip member of at most 100 MiB; anything else reads
as an empty body (tensorflow_serving/util/net_http/compression/gzip_zlib.cc and server/internal/evhttp_request.cc).
"""

from __future__ import annotations

import zlib

#: ZLib::kMaxUncompressedBytes.
MAX_INFLATED_BYTES = 100 << 20

_HEADER_BYTES = 10
_FHCRC, _FEXTRA, _FNAME, _FCOMMENT = 2, 4, 8, 16


def inflated(body: bytes) -> bytes:
    """Return the inflated body, b"" if it is not a whole gzip member or too large."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = stream.decompress(memoryview(body)[_header_end(body) :], MAX_INFLATED_BYTES)
    except (zlib.error, ValueError, IndexError):
        return b""
    footer = zlib.crc32(text).to_bytes(4, "little") + len(text).to_bytes(4, "little")
    return text if stream.eof and stream.unused_data == footer else b""


def _header_end(body: bytes) -> int:
    """Return where the compressed data begin. Reserved flags and a header's own checksum are not looked at.

    Raises:
        ValueError, IndexError: there is no gzip header.
    """
    if body[:3] != b"\x1f\x8b\x08":
        raise ValueError("no gzip header")
    flags, end = body[3], _HEADER_BYTES
    if flags & _FEXTRA:
        end += 2 + int.from_bytes(body[end : end + 2], "little")
    for text in (_FNAME, _FCOMMENT):
        if flags & text:
            end = body.index(b"\0", end) + 1
    return end + (2 if flags & _FHCRC else 0)
