"""What ``serlab advise`` does: measures every way shortly, in rounds that pair them, and ranks them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from statistics import median

from serlab.analysis.advice import Advice, Asked
from serlab.analysis.advise import BEST, Way, rank, refusal
from serlab.analysis.laws.link import Link
from serlab.analysis.stats import FEWEST
from serlab.connection import TransportOptions
from serlab.errors import MeasureError, UsageError
from serlab.lab.advise_ways import Found, blank_way, check, find, payload_of
from serlab.lab.live_target import fit_payloads, has_own_model, is_running, make_target, open_endpoint
from serlab.lab.send_less import COMPARED_REQUESTS, FIRST_CALL_S
from serlab.measure.cases import shuffled
from serlab.measure.plan import Client
from serlab.measure.process.listener import Listener
from serlab.measure.process.parents import Parents, client_of
from serlab.measure.process.workers import Workers
from serlab.measure.send_less import changed_values, compare_answers, measure_way, sending_peak
from serlab.measure.target import Target
from serlab.records.call import Call, TensorSpec
from serlab.records.run import Endpoint
from serlab.records.send_less import SentRun
from serlab.report.snippets import rest
from serlab.report.snippets.grpc import any_part, tensor_proto_part, wire_part
from serlab.report.snippets.program import Server, program
from serlab.servable.signatures import ECHO_MODEL
from serlab.serving.base import ServingOptions
from serlab.serving.model import read_metadata

#: Seconds from the first call on; with what starting takes, advice on an image comes within a minute.
BUDGET_S = 36.0
#: Seconds of calls that one client makes.
CALLS_S = 0.12
#: How long comparing answers may take for one way.
COMPARED_S = 0.8
#: Where values may change, that is what is asked about.
_LOSSY_COMPARED_S = 3.0
#: A way that costs this many times what the third best does after one round, after two, is not measured on.
_FAR = (3.0, 1.5)

#: What a program needs to be told that was written for an instance of serlab's own.
_ENDED = "the instance that was measured has ended: put the address of yours into the program"

Key = tuple[str, str]


def measured(serving: ServingOptions, asked: Asked, show: Listener, *, budget_s: float = BUDGET_S) -> Advice:
    """Open the instance, measure every way for about ``budget_s`` in all, and return the advice.

    Raises:
        ServingError, ServableError, UsageError: the instance cannot be opened, or nothing qualifies.
    """
    check(asked)
    if not asked.payloads and not has_own_model(serving):
        raise UsageError("say what is sent: --payload, or a model with --serving and --model")
    with open_endpoint(serving) as endpoint:
        spec, found = find_on(endpoint, serving, asked)
        patient = replace(serving.client, timeout_s=max(serving.client.timeout_s, FIRST_CALL_S))
        target = make_target(endpoint, patient, None, (spec,), asked.seed)
        measuring = _Measuring(target, found, asked, show)
        ways = list(measuring.run(budget_s).values())
    told = [way for way in ways if (way.representation, way.codec) in found.against and way.latency]
    wanted = [way for way in ways if (way.representation, way.codec) in found.candidates]
    ranking = rank(wanted, asked.needs, asked.optimise, told)
    where = f"{endpoint.kind} ({endpoint.version})"
    return Advice(
        spec, serving.model or ECHO_MODEL, "measured", where, asked, ranking, tuple(ways), graphs=found.graphs,
        program=program_for(ranking.choices[0].way, endpoint, serving.client),
        remarks=() if is_running(serving) else (_ENDED,),
        missing=measuring.missing(),
        not_checked=not_checked(asked, endpoint, [choice.way for choice in ranking.choices]),
    )  # fmt: skip


def program_for(way: Way, endpoint: Endpoint, client: TransportOptions) -> str:
    """Return the code to put in for a way: complete, with the model's names; no header's value is in it."""
    assert way.call is not None
    server = Server(endpoint.grpc, endpoint.base_url if endpoint.rest else "", endpoint.tls, client.ca,
                    tuple(client.headers), client.timeout_s)  # fmt: skip
    return snippet(way.representation, way.codec, way.inputs, way.call, server)


def find_on(endpoint: Endpoint, serving: ServingOptions, asked: Asked) -> tuple[str, Found]:
    """Return the payload, and how it goes to the model that the endpoint serves. Raises what ``find`` raises."""
    wish, metadata, spec = serving.wish, None, asked.payloads[0] if asked.payloads else ""
    needs_model = has_own_model(serving) or bool(asked.representations) or asked.needs != "exact"
    if has_own_model(serving):
        (spec,), call = fit_payloads(serving, endpoint, asked.payloads, asked.seed)
        needs_model = call is not None or needs_model
    if needs_model:
        model = serving.model or ECHO_MODEL
        metadata = read_metadata(endpoint, model, serving.client, version=serving.version, label=serving.label)
    spec = payload_of(asked, spec)
    return spec, find(asked, spec, metadata, wish, endpoint.transports)


def not_checked(asked: Asked, endpoint: Endpoint | None, ways: Sequence[Way]) -> tuple[str, ...]:
    """Return what the advice does not rest on."""
    found = ["several calls in flight, and other work on the server: every call was alone (serlab load)"]
    if endpoint is not None and endpoint.kind == "embedded":
        found.append("TensorFlow Serving's own times: this was the embedded instance (--serving, or --from-laws)")
    if asked.link is None:
        found.append("a network: client and server met on loopback (--link 100Mbit,20ms)")
    else:
        found.append("the link itself: its transfer and its round trip were added")
    if any(way.route == "rest-numbers" and any("float" in dtype for dtype in way.dtypes) for way in ways):
        found.append("NaN, infinities and subnormals as JSON numbers: they are no JSON, or become 0")
    if asked.client == "own":
        found.append("your own process: each codec had what it needs and nothing else (--client tensorflow)")
    found.append("other values than this payload's: their text may be longer, their JPEG larger")
    return tuple(found)


class _Measuring:
    """Every way to one target: what it does to values, then rounds of calls until the time is spent."""

    def __init__(self, target: Target, found: Found, asked: Asked, show: Listener) -> None:
        self._target, self._found, self._asked, self._show = target, found, asked, show
        self._runs: dict[Key, list[SentRun]] = {key: [] for key in found.sendings}
        self._took: dict[Key, float] = {}
        self._seen: set[Key] = set()
        codecs = dict.fromkeys(codec for _, codec in found.sendings)
        self._client: Client | None = "tensorflow" if asked.client == "tensorflow" else None
        self._heavy = [name for name in codecs if self._client or client_of(name) == "tensorflow"]
        self._light = [name for name in codecs if name not in self._heavy]

    def run(self, budget_s: float) -> dict[Key, Way]:
        """Return every way, those that cannot be sent too."""
        sendings, asked = self._found.sendings, self._asked
        ways = {key: blank_way(key, sending) for key, sending in sendings.items()}
        with ExitStack() as stack:
            # Starting TensorFlow takes seconds: its clients share one parent, light ones have another every round.
            heavy = stack.enter_context(Parents(self._heavy, seed=asked.seed, number=0, client=self._client))
            end = time.monotonic() + budget_s
            for number in range(FEWEST):
                with Parents(self._light, seed=asked.seed, number=number) as light:
                    self._round(number, ways, heavy, light, end)
                    if number == 0:
                        self._compare(ways, heavy, light)
                if not self._leading(ways, math.inf):
                    break  # nothing does what is needed: more rounds would not change that
        ways = {key: with_runs(way, self._runs[key], asked.link) for key, way in ways.items()}
        ways |= {key: blank_way(key, None, reason) for key, reason in self._found.refused.items()}
        return ways

    def missing(self) -> tuple[str, ...]:
        """Return what has no whole measurement because its calls failed, each with the first error."""
        failed = {key: next((run.error for run in runs if run.error), "") for key, runs in self._runs.items()}
        return tuple(f"{key[0]} over {key[1]}: {error.splitlines()[0]}" for key, error in failed.items() if error)

    def _round(self, number: int, ways: dict[Key, Way], heavy: Parents, light: Parents, end: float) -> None:
        leading = self._leading(ways, _FAR[min(number, len(_FAR)) - 1]) if number else list(self._found.candidates)
        wanted = dict.fromkeys((*leading, *self._found.against))
        alive = [key for key in wanted if key in ways and not any(run.error for run in self._runs[key])]
        self._show.phase(f"round {number + 1}", len(alive))
        for key in shuffled(alive, self._asked.seed, number):
            # What the best are told against may be the dearest of all: it is measured as often as there is time.
            if number and key not in leading and time.monotonic() + self._took.get(key, 0.0) > end:
                continue
            self._show.step(ways[key].label)
            begin = time.monotonic()
            try:
                endpoint, options = self._target.endpoint, self._target.options
                workers = self._workers(key, heavy, light)
                run = workers.call(measure_way, endpoint, options, self._found.sendings[key], number, CALLS_S)
            except MeasureError as error:
                run = SentRun(number, (), (), error=str(error))
            self._runs[key].append(run)
            self._took[key] = time.monotonic() - begin

    def _workers(self, key: Key, heavy: Parents, light: Parents) -> Workers:
        return (heavy if key[1] in self._heavy else light).of(key[1])

    def _leading(self, ways: Mapping[Key, Way], far: float) -> list[Key]:
        """Return the candidates that do what is needed and cost at most ``far`` times what the third best does."""
        costs: dict[Key, float] = {}
        for key in self._found.candidates:
            if key in ways and not refusal(ways[key], self._asked.needs):
                cost = with_runs(ways[key], self._runs[key], self._asked.link).cost(self._asked.optimise)
                if cost is not None:
                    costs[key] = cost
        third = sorted(costs.values())[:BEST]
        return [key for key, cost in costs.items() if cost <= far * third[-1]]

    def _compare(self, ways: dict[Key, Way], heavy: Parents, light: Parents) -> None:
        """Compare answers, the cheapest way's first, until no further way can be among the best."""
        costs = {}
        for key in (key for key in self._found.candidates if key in ways):
            if self._asked.optimise == "memory":
                ways[key] = replace(ways[key], peak_bytes=self._peak(key, heavy, light))
            cost = with_runs(ways[key], self._runs[key], self._asked.link).cost(self._asked.optimise)
            if cost is not None:
                costs[key] = cost
        self._show.phase("comparing answers", None)
        for key in sorted(costs, key=lambda key: costs[key]):
            leading = [costs[one] for one in self._leading(ways, math.inf) if one in self._seen]
            if len(leading) >= BEST and costs[key] > _FAR[0] * sorted(leading)[BEST - 1]:
                return
            self._show.step(ways[key].label)
            self._seen.add(key)
            ways[key] = self._compared(ways[key], key, heavy, light)

    def _peak(self, key: Key, heavy: Parents, light: Parents) -> int | None:
        try:
            return self._workers(key, heavy, light).call(sending_peak, self._found.sendings[key])
        except MeasureError as error:
            self._show.remark(f"memory of {key[0]} over {key[1]}: {error}")
            return None

    def _compared(self, way: Way, key: Key, heavy: Parents, light: Parents) -> Way:
        sending, reference = self._found.sendings[key], self._found.reference
        workers = self._workers(key, heavy, light)
        try:
            if way.values is None:
                way = replace(way, values=workers.call(changed_values, sending))
            if reference and (reference.representation, reference.codec) != key:
                requests = 1 if sending.is_file else COMPARED_REQUESTS
                limit_s = COMPARED_S if way.values and way.values.bound == 0 else _LOSSY_COMPARED_S
                answers = workers.call(compare_answers, self._target.endpoint, self._target.options, reference, sending,
                                       requests, limit_s)  # fmt: skip
                way = replace(way, answers=answers)
        except MeasureError as error:
            self._show.remark(f"{way.label}: its answers were not compared: {error}")
        return way


def with_runs(way: Way, runs: Sequence[SentRun], link: Link | None) -> Way:
    """Return the way with what its clients measured; the link's transfer and round trip are added to each call."""
    done = [run for run in runs if run.calls]
    if not done:
        return replace(way, failure=next((run.error for run in runs if run.error), way.failure))
    first = done[0]
    added = link.added_s(first.request_bytes, first.response_bytes) if link else 0.0
    busiest = link.transfer_s(max(first.request_bytes, first.response_bytes)) if link else 0.0
    latency, throughput, clients, servers = {}, {}, [], []
    for run in done:
        pairs = list(zip(run.prepare_s, run.calls, strict=True))
        latency[run.round] = median(before + call.total_s for before, call in pairs) + added
        client = median(before + call.encode_s + call.decode_s for before, call in pairs)
        exchange = median(call.exchange_s for call in run.calls)
        server = run.server_cpu_s / len(run.calls) if run.server_cpu_s else exchange
        clients.append(client)
        servers.append(server)
        throughput[run.round] = max(client, server, busiest)
    return replace(
        way, latency=latency, throughput=throughput, client_s=median(clients), server_s=median(servers),
        request_bytes=first.request_bytes, response_bytes=first.response_bytes,
    )  # fmt: skip


def snippet(representation: str, codec: str, inputs: Mapping[str, TensorSpec], call: Call, server: Server) -> str:
    """Return a complete program that sends ``inputs`` as ``representation`` over ``codec`` to ``call``.

    It defines ``predict(tensors)`` and ``predict_async(tensors)``, both of a mapping by the model's own names, and run
    as a script it makes one call each and prints dtypes and shapes of the outputs. Values of headers are read from the
    environment.
    """
    if codec == "wire":
        part = wire_part(call, server)
    elif codec == "tensor-proto":
        part = tensor_proto_part(call, server)
    elif codec in rest.CODECS and all(spec.shape for spec in call.outputs.values()):
        part = rest.rest_part(codec, call, server)
    else:
        part = any_part(codec, call, server)
    return program(part, representation, dict(inputs), call)
