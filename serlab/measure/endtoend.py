"""End to end: one fresh client process, one call in flight, against a live instance.

The ledger of a call: encode; send + server + receive; decode; and what is left over, from a clock around all three.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from serlab.analysis.exactness import compare_all
from serlab.codecs import registry
from serlab.codecs.base import Call, ChunkedCodec, Codec, Tensor, Tensors
from serlab.errors import SerlabError
from serlab.measure.apart import shift_collector
from serlab.measure.calls import Subject
from serlab.measure.process.server_meter import ServerMeter
from serlab.measure.process.tasks import code_of
from serlab.measure.target import Target
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.run import Form
from serlab.transports.base import Transport
from serlab.transports.registry import open_transport
from serlab.transports.rest import RestTransport

#: Calls before the timed ones, after the one that is compared and has connected: they find buffers and caches grown.
WARMUP_CALLS = 2
#: Warming up ends when it has taken this long; the largest payloads take seconds per call.
WARMUP_LIMIT_S = 0.5
#: A first call that takes this long is the client's only one: connecting and cold caches are nothing beside it.
DEAR_CALL_S = 1.0
#: Fewer calls than this say nothing about a median, however long they take.
MIN_CALLS = 2
MAX_CALLS = 200


def timed_call(transport: Transport, codec: Codec, tensors: Tensors, call: Call) -> CallSample:
    """Make one call and return its ledger. Raises what ``send`` and ``decode`` raise."""
    if isinstance(codec, ChunkedCodec) and isinstance(transport, RestTransport):
        return chunked_call(transport, codec, tensors, call)
    return whole_call(transport, codec, tensors, call).sample


def measure(
    target: Target, payload_spec: str, codec_name: str, *, seed: int, round_number: int, calls_s: float,
    through: str = "",
) -> EndToEndRun:  # fmt: skip
    """Be a client that calls ``target`` for about ``calls_s`` seconds and return every call's ledger.

    The first answer is compared with what was sent; a call that fails ends the run, which keeps the calls before it.
    The answers of another model than the lab's own echo are not compared.
    ``through`` is another transport than the codec's own: an HTTP library.
    """
    endpoint, call, codec = target.endpoint, target.call, registry.get(codec_name)
    blank = EndToEndRun(payload_spec, codec_name, codec.transport, round_number, (), 0, 0, 0.0, None, None)
    samples: list[CallSample] = []
    meter = ServerMeter(endpoint.pid)
    try:
        exchange = Subject(payload_spec, seed, call).exchange(codec_name)
        tensors, wanted = exchange.tensors, exchange.call
        with open_transport(through or codec.transport, endpoint, wanted, target.options) as transport:
            meter.reset_peak()
            server_before, client_before = meter.cpu_s(), time.process_time()
            first = whole_call(transport, codec, tensors, wanted)
            blank = replace(
                blank,
                request_bytes=first.request_bytes,
                response_bytes=len(first.answer),
                exactness=None if call else compare_all(tensors, first.received),
                form=answered_form(first.answer) if codec.transport == "grpc" else None,
            )
            dear = first.sample.total_s >= DEAR_CALL_S
            if dear:
                samples.append(first.sample)
            else:
                warmups = (first.sample, *_warm_up(transport, codec, tensors, wanted, spent_s=first.sample.total_s))
                blank = replace(blank, warmups=warmups)
                meter.reset_peak()
                server_before, client_before = meter.cpu_s(), time.process_time()
            del first
            shift_collector(round_number)
            end = time.perf_counter() + calls_s
            try:
                while not dear and len(samples) < MAX_CALLS and (len(samples) < MIN_CALLS or time.perf_counter() < end):
                    samples.append(timed_call(transport, codec, tensors, wanted))
            finally:
                client_after, server_after = time.process_time(), meter.cpu_s()
                blank = replace(
                    blank,
                    calls=tuple(samples),
                    client_cpu_s=client_after - client_before,
                    server_cpu_s=_difference(server_before, server_after),
                    server_peak_rss_bytes=meter.peak_rss_bytes(),
                )
    except SerlabError as error:
        return replace(blank, error=str(error), error_code=code_of(error))
    return blank


def answered_form(body: bytes) -> Form:
    """Return the form of the first tensor in a PredictResponse: what a server answers in cannot be asked of it."""
    from serlab.wire.predict import RESPONSE, split_message

    tensors = split_message(body, RESPONSE).tensors.values()
    return "content" if any(tensor.content for tensor in tensors) else "values"


@dataclass(frozen=True, slots=True)
class _Called:
    """A call with what a client has of it while it goes on: how much was sent, and what came back."""

    sample: CallSample
    request_bytes: int
    answer: bytes
    received: dict[str, Tensor]


def whole_call(transport: Transport, codec: Codec, tensors: Tensors, call: Call) -> _Called:
    """Make one call and return it whole. Raises what ``send`` and ``decode`` raise."""
    clock = time.perf_counter
    begin = clock()
    body = codec.encode(tensors, call)
    encoded = clock()
    answer = transport.send(body)
    arrived = clock()
    received = codec.decode(answer, call)
    decoded = clock()
    sample = CallSample(encoded - begin, arrived - encoded, decoded - arrived, clock() - begin)
    return _Called(sample, len(body), answer, received)


def _warm_up(
    transport: Transport, codec: Codec, tensors: Tensors, call: Call, *, spent_s: float
) -> Iterator[CallSample]:
    for _ in range(WARMUP_CALLS):
        if spent_s > WARMUP_LIMIT_S:
            return
        sample = timed_call(transport, codec, tensors, call)
        spent_s += sample.total_s
        yield sample


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def chunked_call(transport: RestTransport, codec: ChunkedCodec, tensors: Tensors, call: Call) -> CallSample:
    """Make one call and return its ledger: encode is the time spent making pieces, exchange what is left of sending.

    Raises what ``send_chunks`` and ``decode`` raise.
    """
    clock = time.perf_counter
    made_s = 0.0

    def timed_pieces() -> Iterator[bytes]:
        nonlocal made_s
        pieces = codec.encode_chunks(tensors, call)
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
    _kept = codec.decode(answer, call)
    decoded = clock()
    return CallSample(made_s, received - begin - made_s, decoded - received, clock() - begin)
