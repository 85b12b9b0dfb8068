"""Sends one payload to one model as something smaller: each function is the task of a fresh process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from serlab.analysis.representation import answer_change, value_change
from serlab.codecs import registry
from serlab.codecs.base import Tensor
from serlab.connection import TransportOptions
from serlab.errors import RepresentationError, SerlabError, UnknownNameError
from serlab.measure.calls import tensors_for
from serlab.measure.endtoend import MAX_CALLS, MIN_CALLS, timed_call
from serlab.measure.process.server_meter import ServerMeter
from serlab.payload import parse_payload
from serlab.records.call import STRING, Call, TensorSpec
from serlab.records.endtoend import CallSample
from serlab.records.run import Endpoint
from serlab.records.send_less import AnswerChange, SentRun, ValueChange
from serlab.representations.registry import parse
from serlab.serving.fit import Wish, fit_call
from serlab.serving.model import ModelMetadata
from serlab.transports.registry import open_transport

#: Calls before those that count.
WARMUP_CALLS = 2
#: Dtypes that TensorFlow Serving answers 501 to over REST (json_tensor.cc, FillTensor).
NOT_IN_JSON = frozenset({"float16", "bfloat16", "complex64", "complex128"})


@dataclass(frozen=True, slots=True)
class Way:
    """A payload, what stands in for it, the codec that carries that, and the calls with and without it."""

    payload: str
    seed: int
    representation: str
    codec: str
    plain: Call
    call: Call

    def tensors(self, seed: int | None = None) -> dict[str, Tensor]:
        """Return the payload's tensors by the model's names; of another seed, where it is drawn from one."""
        return tensors_for(parse_payload(self.payload, seed=self.seed if seed is None else seed), self.plain)


def find_way(metadata: ModelMetadata, wish: Wish, payload: str, seed: int, representation: str, codec_name: str) -> Way:
    """Return how a payload goes to a model in another form: which signature undoes it, and what the codec can carry.

    Raises:
        RepresentationError: the model has no signature that undoes it (the message has the code to add), the payload
            cannot be so represented, or the codec cannot carry it.
        UsageError, UnknownNameError: the payload does not fit the model.
    """
    found, kind = parse(representation), registry.codec_class(codec_name)
    parsed = parse_payload(payload, seed=seed)
    plain = fit_call(metadata, wish, parsed.specs(), says_dtypes=parsed.says_dtypes)
    sent = found.apply(tensors_for(parsed, plain))
    specs = {
        name: TensorSpec(STRING if one.dtype.hasobject else one.dtype.name, one.shape) for name, one in sent.items()
    }
    name = found.signature or plain.signature
    if kind.signature == "bytes":
        twin = f"{found.signature}_bytes" if found.signature else "bytes"
        name = twin if twin in metadata.signatures else name
    if name not in metadata.signatures:
        raise RepresentationError(
            f"{metadata.model} has no signature {name!r} that undoes {found.spec}: export it with one that calls the "
            f"model on what this returns:\n{found.graph}"
        )
    call = _with_packed_floats(
        fit_call(metadata, Wish(name, outputs=(), version=wish.version, label=wish.label), specs)
    )
    halves = [spec.dtype for spec in call.inputs.values() if spec.dtype in NOT_IN_JSON]
    if halves and kind.route == "rest-numbers":
        raise RepresentationError(f"TensorFlow Serving reads no {halves[0]} from JSON: send it over gRPC or as base64")
    if reason := registry.refusal(codec_name, specs, call):
        raise RepresentationError(f"{codec_name} cannot carry {found.spec}: {reason}")
    return Way(payload, seed, representation, codec_name, plain, call)


def _with_packed_floats(call: Call) -> Call:
    """Read outputs called ``…_bytes`` as rows of float32: what they hold is not what the request held."""
    outputs = {
        name: TensorSpec(STRING, spec.shape[:1], packs=TensorSpec("float32", (spec.shape[0], -1)))
        if spec.dtype == STRING and name.endswith("_bytes")
        else spec
        for name, spec in call.outputs.items()
    }
    return replace(call, outputs=outputs)


def measure_way(endpoint: Endpoint, options: TransportOptions, way: Way, round_number: int, calls_s: float) -> SentRun:
    """Be a client that represents, encodes, sends and decodes for about ``calls_s`` seconds."""
    codec, found = registry.get(way.codec), parse(way.representation)
    meter, clock = ServerMeter(endpoint.pid), time.perf_counter
    prepared: list[float] = []
    calls: list[CallSample] = []
    sizes = (0, 0)
    try:
        tensors = way.tensors()
        with open_transport(codec.transport, endpoint, way.call, options) as transport:
            body = codec.encode(found.apply(tensors), way.call)
            sizes = len(body), len(transport.send(body))
            for _ in range(WARMUP_CALLS - 1):
                timed_call(transport, codec, found.apply(tensors), way.call)
            before_s = meter.cpu_s()
            end = clock() + calls_s
            while len(calls) < MAX_CALLS and (len(calls) < MIN_CALLS or clock() < end):
                begin = clock()
                sent = found.apply(tensors)
                prepared.append(clock() - begin)
                calls.append(timed_call(transport, codec, sent, way.call))
            after_s = meter.cpu_s()
    except SerlabError as error:
        return SentRun(round_number, tuple(prepared[: len(calls)]), tuple(calls), *sizes, error=str(error))
    spent_s = None if before_s is None or after_s is None else after_s - before_s
    return SentRun(round_number, tuple(prepared), tuple(calls), *sizes, server_cpu_s=spent_s)


def sending_peak(way: Way) -> int:
    """Return the bytes that representing and encoding add to a client at their peak, counted by memray."""
    import memray
    from memray._memray import compute_statistics

    codec, found, tensors = registry.get(way.codec), parse(way.representation), way.tensors()
    codec.encode(found.apply(tensors), way.call)
    with TemporaryDirectory(prefix="serlab-memory-") as folder:
        capture = Path(folder) / "sending.bin"
        with memray.Tracker(capture, trace_python_allocators=True):
            kept = codec.encode(found.apply(tensors), way.call)
        del kept
        return int(compute_statistics(str(capture)).peak_memory_allocated)


def changed_values(way: Way) -> ValueChange:
    """Return what becomes of the values on their way to the model: the lab's graphs do what ``undo`` does."""
    found, tensors = parse(way.representation), way.tensors()
    return value_change(tensors, found.undo(found.apply(tensors), tensors), found.bound(tensors))


def changed_answers(endpoint: Endpoint, options: TransportOptions, way: Way, requests: int) -> AnswerChange:
    """Send ``requests`` seeded requests both as they are and represented, and compare the answers.

    Raises:
        TransportError, CodecError: the server answers one of them with an error.
    """
    codec, found = registry.get(way.codec), parse(way.representation)
    before, after = [], []
    with (
        open_transport(codec.transport, endpoint, way.plain, options) as plain,
        open_transport(codec.transport, endpoint, way.call, options) as transport,
    ):
        for number in range(requests):
            tensors = way.tensors(way.seed + number)
            before.append(codec.decode(plain.send(codec.encode(tensors, way.plain)), way.plain))
            answer = transport.send(codec.encode(found.apply(tensors), way.call))
            after.append(_named(codec.decode(answer, way.call), before[-1]))
    return answer_change(before, after)


def _named(found: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    missing = [name for name in like if name not in found]
    if missing:
        raise UnknownNameError("output of the signature", missing[0], found)
    return {name: found[name] for name in like}
