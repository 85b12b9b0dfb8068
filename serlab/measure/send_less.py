"""Sends one payload to one model as something smaller: each function is the task of a fresh process."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from serlab.analysis.representation import AS_IS, answer_change, value_change
from serlab.codecs import registry
from serlab.codecs.base import Body, Tensor
from serlab.connection import TransportOptions
from serlab.errors import MeasureError, MissingSignatureError, RepresentationError, SerlabError
from serlab.measure.calls import tensors_for
from serlab.measure.endtoend import DEAR_CALL_S, MAX_CALLS, MIN_CALLS, timed_call, whole_call
from serlab.measure.memory.capture import read_capture, track
from serlab.measure.process.server_meter import ServerMeter
from serlab.payload import parse_payload
from serlab.records.call import STRING, Call, TensorSpec
from serlab.records.endtoend import CallSample
from serlab.records.run import Case, Endpoint
from serlab.records.scratch import Scratch
from serlab.records.send_less import AnswerChange, SentRun, ValueChange
from serlab.representations.registry import parse
from serlab.serving.fit import Wish, fit_call, packed_name
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

    @property
    def is_file(self) -> bool:
        """Whether a tensor comes from a file: then there is one request, and no other of another seed."""
        return any(tensor.path is not None for tensor in parse_payload(self.payload, seed=self.seed).tensors)

    @property
    def untouched(self) -> Way:
        """The tensors themselves over the same codec."""
        return replace(self, representation=AS_IS, call=self.plain)

    def tensors(self, seed: int | None = None) -> dict[str, Tensor]:
        """Return the payload's tensors by the model's names; of another seed, where it is drawn from one."""
        return tensors_for(parse_payload(self.payload, seed=self.seed if seed is None else seed), self.plain)


def find_way(metadata: ModelMetadata, wish: Wish, payload: str, seed: int, representation: str, codec_name: str) -> Way:
    """Return how a payload goes to a model in another form: which signature undoes it, and what the codec can carry.

    Raises:
        MissingSignatureError: the model has no signature that undoes it; it has the code to add.
        RepresentationError: the payload cannot be so represented, or the codec cannot carry it.
        UsageError, UnknownNameError: the payload does not fit the model.
    """
    found, kind = parse(representation), registry.codec_class(codec_name)
    parsed = parse_payload(payload, seed=seed)
    plain = fit_call(metadata, wish, parsed.specs(), says_dtypes=parsed.says_dtypes)
    tensors = tensors_for(parsed, plain)
    sent = found.apply(tensors)
    specs = {name: TensorSpec.of(one) for name, one in sent.items()}
    name = found.signature or plain.signature
    if kind.signature == "bytes":
        twin = packed_name(found.signature)
        name = twin if twin in metadata.signatures else name
    if name not in metadata.signatures:
        raise MissingSignatureError(
            f"{metadata.model} has no signature {name!r} that undoes {found.spec}: export it with one that calls the "
            "model on what this returns", found.code(tensors),
        )  # fmt: skip
    picked = [output for output in wish.outputs if output in metadata.signatures[name].outputs]
    call = _with_packed_floats(
        fit_call(metadata, Wish(name, outputs=picked, version=wish.version, label=wish.label), specs)
    )
    check_carried(codec_name, specs, call, found.spec)
    return Way(payload, seed, representation, codec_name, plain, call)


def check_carried(codec: str, specs: Mapping[str, TensorSpec], call: Call, label: str) -> None:
    """Raise ``RepresentationError`` where a codec cannot carry tensors of ``specs``, which ``label`` names."""
    halves = [spec.dtype for spec in call.inputs.values() if spec.dtype in NOT_IN_JSON]
    if halves and registry.codec_class(codec).route == "rest-numbers":
        raise RepresentationError(f"TensorFlow Serving reads no {halves[0]} from JSON: send it over gRPC or as base64")
    if reason := registry.refusal(codec, specs, call):
        raise RepresentationError(f"{codec} cannot carry {label}: {reason}")


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
    """Be a client that represents, encodes, sends and decodes for about ``calls_s`` seconds; dear ones call once."""
    codec, found = registry.get(way.codec), parse(way.representation)
    meter, clock = ServerMeter(endpoint.pid), time.perf_counter
    prepared: list[float] = []
    calls: list[CallSample] = []
    sizes = (0, 0)
    try:
        tensors = way.tensors()
        with open_transport(codec.transport, endpoint, way.call, options) as transport:
            before_s, begin = meter.cpu_s(), clock()
            sent = found.apply(tensors)
            prepared_s = clock() - begin
            first = whole_call(transport, codec, sent, way.call)
            sizes = first.request_bytes, len(first.answer)
            # What the client takes is no matter of connecting, or of a graph that the server optimizes first.
            dear = prepared_s + first.sample.encode_s + first.sample.decode_s >= DEAR_CALL_S
            if dear:
                prepared, calls = [prepared_s], [first.sample]
            else:
                for _ in range(WARMUP_CALLS - 1):
                    timed_call(transport, codec, found.apply(tensors), way.call)
                before_s = meter.cpu_s()
            del first
            end = clock() + calls_s
            while not dear and len(calls) < MAX_CALLS and (len(calls) < MIN_CALLS or clock() < end):
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
    codec, found, tensors = registry.get(way.codec), parse(way.representation), way.tensors()

    def send() -> Body:
        return codec.encode(found.apply(tensors), way.call)

    send()
    with Scratch("memory") as folder:
        capture = Path(folder) / "sending.bin"
        track(send, capture)
        return read_capture(Case(way.payload, way.codec, "encode"), 0, capture).peak_bytes


def changed_values(way: Way) -> ValueChange:
    """Return what becomes of the values on their way to the model: the lab's graphs do what ``undo`` does."""
    found, tensors = parse(way.representation), way.tensors()
    return value_change(tensors, found.undo(found.apply(tensors), tensors), found.bound(tensors))


def compare_answers(
    endpoint: Endpoint, options: TransportOptions, reference: Way, way: Way, requests: int, limit_s: float = math.inf
) -> AnswerChange:
    """Send up to ``requests`` seeded requests in both ways and compare the answers; stop after some ``limit_s``.

    ``reference`` is an exact way, over its own codec. A payload from a file is one request.

    Raises:
        TransportError, CodecError: the server answers one of them with an error.
        MeasureError: the two ways' signatures have other outputs.
    """
    exact, codec, found = registry.get(reference.codec), registry.get(way.codec), parse(way.representation)
    before, after = [], []
    with (
        open_transport(exact.transport, endpoint, reference.call, options) as plain,
        open_transport(codec.transport, endpoint, way.call, options) as transport,
    ):
        end = time.perf_counter() + limit_s
        for number in range(requests):
            tensors = way.tensors(way.seed + number)
            before.append(exact.decode(plain.send(exact.encode(tensors, reference.call)), reference.call))
            answer = transport.send(codec.encode(found.apply(tensors), way.call))
            after.append(_alike(codec.decode(answer, way.call), before[-1]))
            if time.perf_counter() > end:
                break
    return answer_change(before, after)


def _alike(found: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return outputs by the names and in the shapes of ``like``: a signature of bytes says ``…_bytes``, and rows."""
    bare = {name.removesuffix("_bytes"): tensor for name, tensor in found.items()}
    if bare.keys() != like.keys():
        if len(bare) != 1 or len(like) != 1:
            raise MeasureError(f"the signature answers {', '.join(found)}, and not {', '.join(like)}")
        bare = dict.fromkeys(like, next(iter(bare.values())))
    try:
        return {name: bare[name].reshape(tensor.shape) for name, tensor in like.items()}
    except ValueError as error:
        raise MeasureError(f"the answers have other shapes: {error}") from error
