"""Calls whose request is sent while it is being made: encoding and sending take turns, and one clock sees both."""

from __future__ import annotations

import time
from collections.abc import Iterator

from serlab.codecs.base import Call, ChunkedCodec, Tensor
from serlab.record import CallSample
from serlab.transports.rest import RestTransport


def chunked_call(transport: RestTransport, codec: ChunkedCodec, tensor: Tensor, call: Call) -> CallSample:
    """Make one call and return its ledger: encode is the time spent making pieces, exchange what is left of sending.

    Raises what ``send_chunks`` and ``decode`` raise.
    """
    clock = time.perf_counter
    made_s = 0.0

    def timed_pieces() -> Iterator[bytes]:
        nonlocal made_s
        pieces = codec.encode_chunks(tensor, call)
        while True:
            begin = clock()
            piece = next(pieces, None)
            made_s += clock() - begin
            if piece is None:
                return
            yield piece
            del piece  # it must be gone when the next one is made

    begin = clock()
    answer = transport.send_chunks(timed_pieces())
    received = clock()
    codec.decode(answer, call)
    decoded = clock()
    return CallSample(made_s, received - begin - made_s, decoded - received, clock() - begin)
