"""Advice from stored laws: no call is made. Encode and decode by the codecs' laws, the exchange by the server's."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from serlab.analysis.advice import Advice, Asked
from serlab.analysis.advise import Change, Way, changes, rank, refusal
from serlab.analysis.laws.predict import half_width
from serlab.analysis.laws.scale import carry
from serlab.analysis.representation import AS_IS
from serlab.codecs.base import Tensor, TensorSpec
from serlab.connection import TransportOptions
from serlab.errors import SerlabError, UsageError
from serlab.lab.advise import find_on, not_checked, program_for
from serlab.lab.advise_ways import allowed, blank_way, check, find, payload_of
from serlab.lab.body_sizes import body_sizes, elements_of
from serlab.lab.live_target import has_own_model, open_endpoint
from serlab.measure.process.machine import describe_machine
from serlab.measure.send_less import Way as Sending
from serlab.measure.send_less import changed_values
from serlab.measure.yardsticks import measure_yardsticks
from serlab.records.call import STRING
from serlab.records.law import CodecLaw, Law, LawMachine
from serlab.records.law_files import CODECS, TENSORFLOW_SERVING, find_law, list_laws
from serlab.records.run import Endpoint, Interval, Op
from serlab.representations.registry import parse
from serlab.servable.signatures import ECHO_MODEL
from serlab.serving.base import ServingOptions
from serlab.serving.fit import Wish

#: A law that was learnt of a server longer ago than this says little of what runs there now.
MAX_AGE_DAYS = 180
#: Chunks of each yardstick: advice from laws comes within two seconds, and this is most of them.
_CHUNKS = 8
#: Sizes at which the answer is looked for, in elements.
_GRID = tuple(round(2 ** (step / 2)) for step in range(8, 45))


@dataclass(frozen=True, slots=True)
class Laws:
    """The server's and the codecs' laws, carried to this machine; ``spread`` is the scaling's, in logs."""

    server: Law
    steps: tuple[CodecLaw, ...]
    spread: float
    remarks: tuple[str, ...]

    def step(self, codec: str, op: Op, dtype: str) -> CodecLaw | None:
        """Return the law of a codec's step: of this dtype, else of the nearest."""
        mine = [law for law in self.steps if (law.codec, law.op) == (codec, op)]
        return min(mine, key=lambda law: _distance(law.dtype, dtype), default=None)


def stored_laws(results: Path, name: str = "") -> Laws:
    """Return the law called ``name``, or TensorFlow Serving's, and the codecs', carried here by yardsticks: a second.

    Raises:
        UnknownNameError, StoreError: there is none, or it cannot be used.
        UsageError: it is too old, or another machine's and cannot be carried.
    """
    machine = LawMachine.of(describe_machine())
    server = find_law(name or TENSORFLOW_SERVING, results)
    if not server.routes:
        raise UsageError(f"law {server.name} is of no server: name one that serlab law fit learnt")
    check_age(server)
    here = measure_yardsticks(_CHUNKS)
    carried = carry(server, machine, here)
    stored = [
        carry(find_law(known, results), machine, here) for known in list_laws(results) if known.startswith(CODECS)
    ]
    steps = tuple(step for one in stored for step in one.law.codecs)
    remarks = dict.fromkeys((*carried.remarks, *(text for one in stored for text in one.remarks)))
    return Laws(carried.law, steps, carried.spread, tuple(remarks))


def check_age(law: Law, today: datetime | None = None) -> None:
    """Refuse a law of a server that may have changed since; TensorFlow Serving's own is that of one version.

    Raises:
        UsageError: it is older than ``MAX_AGE_DAYS``.
    """
    if law.name == TENSORFLOW_SERVING:
        return
    try:
        measured = datetime.fromisoformat(law.measured)
    except ValueError:
        raise UsageError(
            f"law {law.name} does not say when it was measured: fit it again with serlab law fit"
        ) from None
    measured = measured if measured.tzinfo else measured.replace(tzinfo=timezone.utc)
    days = ((today or datetime.now(timezone.utc)) - measured).days
    if days > MAX_AGE_DAYS:
        raise UsageError(f"law {law.name} is {days} days old: what runs there may have changed; fit it again with "
                         f"serlab law fit")  # fmt: skip


def predicted(serving: ServingOptions, asked: Asked, results: Path, name: str = "") -> Advice:
    """Return advice by stored laws. A server is met only to ask about a model of the user's.

    Raises:
        UsageError: nothing qualifies, or the law cannot be used; and what ``stored_laws`` raises.
    """
    check(asked)
    if asked.optimise == "memory":
        raise UsageError("no law says what memory a codec takes: leave --from-laws out")
    if asked.client == "tensorflow":
        raise UsageError("the codecs' laws are of clients without TensorFlow: leave --from-laws or --client out")
    endpoint = Endpoint("remote", "", "localhost:8500", "localhost:8501")
    if has_own_model(serving):
        with open_endpoint(serving) as endpoint:
            spec, found = find_on(endpoint, serving, asked)
    elif asked.payloads:
        spec = payload_of(asked, asked.payloads[0])
        found = find(asked, spec, None, Wish(), ("grpc", "rest"))
    else:
        raise UsageError("say what is sent: --payload, or a model with --serving and --model")
    laws = stored_laws(results, name)
    ways = {key: predict_way(blank_way(key, sending), sending, laws, asked) for key, sending in found.sendings.items()}
    ways |= {key: blank_way(key, None, reason) for key, reason in found.refused.items()}
    ranking = rank([ways[key] for key in found.candidates], asked.needs, asked.optimise,
                   [ways[key] for key in found.against if ways[key].predicted])  # fmt: skip
    remarks = [*laws.remarks]
    if has_own_model(serving):
        remarks.append("the model's own work is in no law: it comes to every way alike")
    unseen = ("every call: nothing was measured but yardsticks of this machine",)
    client = TransportOptions() if not has_own_model(serving) else serving.client
    best = [choice.way for choice in ranking.choices]
    advice = Advice(
        spec, serving.model or ECHO_MODEL, "laws", f"{laws.server.version} by law {laws.server.name}", asked, ranking,
        tuple(ways.values()), graphs=found.graphs, program=program_for(best[0], endpoint, client),
        remarks=tuple(remarks), not_checked=(*unseen, *not_checked(asked, None, best)),
    )  # fmt: skip
    return replace(advice, changes=size_changes(advice, laws), changes_by=laws.server.name)


def predict_way(way: Way, sending: Sending, laws: Laws, asked: Asked) -> Way:
    """Return the way with its predicted costs; with the reason where a law is missing."""
    route = laws.server.route(way.route)
    try:
        sent, prepare_s = _represented(sending)
        values = way.values or changed_values(sending)
        request, response = body_sizes(sending, sent)
    except SerlabError as error:
        return replace(way, failure=str(error).splitlines()[0])
    steps = _steps(sending, sent, laws)
    if route is None or steps is None:
        return replace(way, failure=f"no law of {'its route' if route is None else 'its codec'} is stored")
    exchange = route.exchange_s(request, response)
    client_s = prepare_s + sum(steps)
    added = asked.link.added_s(request, response) if asked.link else 0.0
    busiest = asked.link.transfer_s(max(request, response)) if asked.link else 0.0
    wide = half_width(route, laws.spread)
    known = client_s + added
    total = Interval(known + exchange, known + exchange * math.exp(-wide), known + exchange * math.exp(wide), 0)
    return replace(way, predicted=total, throughput={0: max(client_s, exchange, busiest)}, client_s=client_s,
                   server_s=exchange, request_bytes=request, response_bytes=response, values=values)  # fmt: skip


def _represented(sending: Sending) -> tuple[dict[str, Tensor], float]:
    """Return what is sent and the seconds that representing takes: the least of three, for the first warms up."""
    if sending.representation == AS_IS:
        return sending.tensors(), 0.0
    found, tensors, took = parse(sending.representation), sending.tensors(), []
    for _ in range(3):
        begin = time.perf_counter()
        sent = found.apply(tensors)
        took.append(time.perf_counter() - begin)
    return sent, min(took)


def with_changes(advice: Advice, results: Path, name: str = "") -> Advice:
    """Return measured advice with the sizes at which it is predicted to change; why not, where no law can be used."""
    try:
        laws = stored_laws(results, name)
    except SerlabError as error:
        return replace(advice, remarks=(*advice.remarks, f"at which sizes the answer changes is not known: {error}"))
    return replace(advice, changes=size_changes(advice, laws), changes_by=laws.server.name)


def size_changes(advice: Advice, laws: Laws) -> tuple[Change, ...]:
    """Return the sizes from which on another codec is predicted to be the best of those that do what is needed.

    The tensor itself is sent, and both bodies grow in proportion.
    """
    if advice.asked.optimise != "latency":
        return ()
    totals: dict[int, dict[str, float]] = {size: {} for size in _GRID}
    itemsize = 4
    for way in advice.ways:
        route = laws.server.route(way.route)
        if route is None or way.representation != AS_IS or not way.request_bytes or refusal(way, advice.asked.needs):
            continue
        if not allowed(way.codec, advice.asked):
            continue
        inputs = [spec.packs or spec for spec in way.inputs.values()]
        outputs = [spec.packs or spec for spec in way.call.outputs.values()] if way.call else []
        count = sum(math.prod(spec.shape) for spec in inputs)
        encode = laws.step(way.codec, "encode", inputs[0].dtype)
        decode = laws.step(way.codec, "decode", outputs[0].dtype if outputs else "float32")
        if encode is None or decode is None or count < 1 or any(spec.dtype == STRING for spec in inputs):
            continue
        itemsize = inputs[0].numpy_dtype.itemsize
        answers = sum(count if any(size < 0 for size in one.shape) else math.prod(one.shape) for one in outputs)
        for size in _GRID:
            part = size / count
            exchange = route.exchange_s(way.request_bytes * part, (way.response_bytes or 0) * part)
            link = advice.asked.link
            if link:
                exchange += link.added_s(round(way.request_bytes * part), round((way.response_bytes or 0) * part))
            totals[size][way.codec] = encode.seconds(size) + exchange + decode.seconds(answers * part)
    return changes({size: costs for size, costs in totals.items() if costs}, itemsize)


def _steps(sending: Sending, sent: Mapping[str, Tensor], laws: Laws) -> tuple[float, float] | None:
    dtype, count = elements_of(sent)
    encode = laws.step(sending.codec, "encode", dtype)
    outputs = next(iter(sending.call.outputs.values()))
    decode = laws.step(sending.codec, "decode", (outputs.packs or outputs).dtype)
    if encode is None or decode is None:
        return None
    return encode.seconds(count), decode.seconds(_answer_elements(sending, count))


def _answer_elements(sending: Sending, count: int) -> int:
    """Return how many numbers come back; a size that is left open is taken to be the request's, as of an echo."""

    def of(spec: TensorSpec) -> int:
        shape = (spec.packs or spec).shape
        return count if any(size < 0 for size in shape) else math.prod(shape)

    return sum(of(spec) for spec in sending.call.outputs.values())


def _distance(known: str, wanted: str) -> tuple[int, int]:
    """Return how far two dtypes are apart: another kind of number first, then another size."""

    def size(name: str) -> int:
        digits = "".join(filter(str.isdigit, name))
        return int(digits or 8)

    kinds = (known.strip("0123456789"), wanted.strip("0123456789"))
    return (kinds[0] != kinds[1], abs(size(known) - size(wanted)))
