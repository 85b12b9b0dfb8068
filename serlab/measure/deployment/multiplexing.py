"""Calls that share a connection: HTTP/2 carries them as streams side by side, HTTP/1.1 one after the other.

HTTP/1.1 pipelining is not used: its answers come in the order of the requests, so a slow one holds back all that
follow just the same, and hardly any client or proxy speaks it. TensorFlow Serving's PredictionService has unary calls
only; what a stream of frames can be there is unary calls in flight on one connection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

from serlab.analysis.words import counted
from serlab.codecs import registry
from serlab.errors import CodecError, TransportError
from serlab.measure.calls import Subject
from serlab.measure.cases import shuffled
from serlab.measure.load.clients import Lane, Work, together_in_threads
from serlab.measure.load.sweep import checked, load_step
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.parents import Clients
from serlab.measure.target import Target
from serlab.records.call import Call
from serlab.records.deployment import Burst, MultiplexingReport, SharedCall
from serlab.records.load import LoadStep, StepLimits, StepSpec
from serlab.records.run import Endpoint
from serlab.records.series import joined
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

#: Calls that any server takes at once: TensorFlow Serving has at least four threads per core.
DEFAULT_CALLS = 8
DEFAULT_CODECS = ("wire", "orjson")
#: The small calls follow the large one after this share of what the large one takes alone: it is then under way.
_HEAD_START = 0.1
#: Bursts of one process; a round's figure is their median.
BURSTS = 5
FRAMES_IN_FLIGHT = (1, 2, 4, 8)


def measure_multiplexing(
    clients: Clients,
    target: Target,
    *,
    payload: str = "vector-10k",
    large_payload: str = "image",
    codecs: Iterable[str] = DEFAULT_CODECS,
    calls: int = DEFAULT_CALLS,
    rounds: int = 5,
    seed: int,
    frames: StepLimits | None = None,
    listener: Listener | None = None,
    keep: Callable[[MultiplexingReport], object] = lambda _piece: None,
) -> MultiplexingReport:
    """Make bursts of ``calls`` over one connection and over one per call, per codec and round, in shuffled order.

    ``large_payload`` "" leaves out the small calls behind a large one. With ``frames``, the codecs over gRPC also send
    frames through one connection, so many in flight at a time as ``FRAMES_IN_FLIGHT`` says. ``keep`` gets what every
    process measured, as a report of it alone.

    Raises:
        MeasureError: a client process fails, or the server refuses the payload.
    """
    say = listener or Silent()
    arrangements = [(codec, connections) for codec in codecs for connections in dict.fromkeys((1, calls))]
    blank = MultiplexingReport(payload, large_payload, calls)
    pieces = [blank]

    def take(made: list[Burst]) -> None:
        bursts, behind = (tuple(burst for burst in made if bool(burst.large) is large) for large in (False, True))
        pieces.append(replace(blank, bursts=bursts, behind_large=behind))
        keep(pieces[-1])

    for number in range(rounds):
        say.phase(f"shared connections, round {number + 1}", len(arrangements))
        for codec, connections in shuffled(arrangements, seed, number):
            say.step(f"{codec}, {counted(calls, 'call')} over {connections}")
            clients.of(codec).keeping(
                take, share, target.endpoint, target.options, target.call, codec, payload, large_payload,
                connections=connections, calls=calls, round_number=number, seed=seed,
            )  # fmt: skip

    def take_frames(step: LoadStep) -> None:
        pieces.append(replace(blank, frames=(step,)))
        keep(pieces[-1])

    if frames:
        _frames(clients, target, payload, codecs, frames, seed, say, take_frames)
    return joined(pieces)


def share(
    endpoint: Endpoint, options: TransportOptions, call: Call | None, codec_name: str, payload: str,
    large_payload: str, *, connections: int, calls: int, round_number: int, seed: int,
) -> list[Burst]:  # fmt: skip
    """Be one fresh client process: ``BURSTS`` bursts, and as many behind a large call if there is a large payload."""
    small = _ready(codec_name, payload, seed, call)
    large = _ready(codec_name, large_payload, seed, call) if large_payload else None
    shared = small.codec.transport == "grpc"
    with ExitStack() as stack:

        def lane() -> Lane:
            transport = stack.enter_context(open_transport(small.codec.transport, endpoint, small.call, options))
            transport.send(small.body or b"")
            return Lane(transport, shared=shared, timeout_s=options.timeout_s)

        lanes = [lane() for _ in range(connections)]
        blank = Burst(codec_name, small.codec.transport, connections, round_number, 0.0, ())
        bursts = [_burst(blank, small, lanes, calls) for _ in range(BURSTS)]
        if large:
            first = lanes[0] if connections == 1 else lane()
            alone_s = _shared_call(first, large).exchange_s
            bursts += [_burst_behind(blank, small, large, first, lanes, calls, alone_s) for _ in range(BURSTS)]
    return bursts


def _ready(codec_name: str, payload: str, seed: int, named: Call | None) -> Work:
    found = Subject(payload, seed, named).exchange(codec_name)
    return Work(found.codec, found.tensors, found.call, found.codec.encode(found.tensors, found.call))


def _burst(blank: Burst, work: Work, lanes: list[Lane], calls: int) -> Burst:
    made: list[SharedCall] = []
    began: list[float] = []
    together = threading.Barrier(calls, action=lambda: began.append(time.perf_counter()))

    def one(lane: Lane) -> None:
        together.wait()
        made.append(_shared_call(lane, work, began[0]))

    together_in_threads(one, [lanes[number % len(lanes)] for number in range(calls)])
    return replace(blank, total_s=max(call.latency_s for call in made), calls=tuple(made))


def _burst_behind(
    blank: Burst, small: Work, large: Work, first: Lane, lanes: list[Lane], calls: int, alone_s: float
) -> Burst:
    """Make a burst while a large call, which takes ``alone_s`` by itself, is under way on ``first``."""
    with ThreadPoolExecutor(1) as aside:
        under_way = aside.submit(_shared_call, first, large)
        time.sleep(_HEAD_START * alone_s)
        burst = _burst(blank, small, lanes, calls)
        return replace(burst, large=under_way.result())


def _shared_call(lane: Lane, work: Work, begin: float | None = None) -> SharedCall:
    """Make a call that was asked for at ``begin``, by default now."""
    begin = time.perf_counter() if begin is None else begin
    try:
        sent, _, ledger = lane.do(work)
    except (TransportError, CodecError) as error:
        return SharedCall(0.0, time.perf_counter() - begin, str(error))
    return SharedCall(sent - begin, ledger.exchange_s)


def _frames(
    clients: Clients, target: Target, payload: str, codecs: Iterable[str], limits: StepLimits, seed: int,
    say: Listener, keep: Callable[[LoadStep], object],
) -> None:  # fmt: skip
    streaming = [codec for codec in codecs if registry.describe(codec)["transport"] == "grpc"]
    specs = [
        checked(StepSpec(payload, codec, concurrency=number, connections=1))
        for codec in streaming
        for number in FRAMES_IN_FLIGHT
    ]
    say.phase("frames", len(specs))
    for spec in specs:
        say.step(f"{spec.codec}, {spec.concurrency} frames in flight")
        load_step(clients, target, spec, limits=limits, seed=seed, keep=keep)
