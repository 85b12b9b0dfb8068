"""What gzip makes of a codec's request: how much smaller this payload's body gets, and what both sides spend on it."""

from __future__ import annotations

import gzip
import time
import zlib
from statistics import median

from serlab.analysis.laws.link import Compression
from serlab.codecs.base import GzipBody
from serlab.measure.calls import Subject

#: zlib's default, which gRPC's gzip uses too (grpc, src/core/lib/compression/message_compress.cc).
LEVEL = 6
_TIMES = 3
#: Larger bodies are compressed once.
_LARGE_BYTES = 4 * 2**20


def measure_compression(subject: Subject, codec: str) -> Compression | None:
    """Return gzip's ratio and seconds for the codec's request; None for a codec that compresses already.

    A server of gRPC or REST inflates a compressed request and answers uncompressed, unless it is told otherwise.
    """
    exchange = subject.exchange(codec)
    body = exchange.codec.encode(exchange.tensors, exchange.call)
    if isinstance(body, GzipBody):
        return None
    repeats = 1 if len(body) > _LARGE_BYTES else _TIMES
    packing, unpacking, packed = [], [], b""
    for _ in range(repeats):
        begin = time.perf_counter()
        packed = gzip.compress(body, LEVEL, mtime=0)
        middle = time.perf_counter()
        zlib.decompress(packed, wbits=31)
        packing.append(middle - begin)
        unpacking.append(time.perf_counter() - middle)
    name = "gzip" if exchange.codec.transport == "rest" else "gRPC gzip"
    return Compression(name, len(packed) / len(body), median(packing) + median(unpacking))
