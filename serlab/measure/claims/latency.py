"""Calls to real models, one in flight: small perceptrons with 1 KB and 10 KB vectors, and ResNet-50."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

import numpy as np

from serlab.analysis.laws.predict import half_width
from serlab.analysis.laws.scale import carry
from serlab.analysis.stats import SAMPLE_FLOOR
from serlab.codecs import registry
from serlab.errors import MeasureError, SerlabError
from serlab.measure import endtoend
from serlab.measure.cases import shuffled
from serlab.measure.claims.lab import Lab, classifier_call, series
from serlab.measure.endtoend import MAX_CALLS
from serlab.measure.process.machine import describe_machine
from serlab.measure.rounds import is_refusal, server_gone
from serlab.measure.yardsticks import measure_yardsticks
from serlab.payload import parse_payload
from serlab.records import evidence as said
from serlab.records.call import Call
from serlab.records.claims import Evidence, Series
from serlab.records.endtoend import EndToEndRun
from serlab.records.law import LawMachine
from serlab.records.law_files import TENSORFLOW_SERVING, find_law
from serlab.records.run import Endpoint
from serlab.servable.classifier import Classifier
from serlab.servable.mlp import MLPS
from serlab.servable.resnet50 import RESNET50
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

#: The ladder of ``analysis.decompose``: the article's two clients, and what lies between them.
CODECS = ("json", "orjson", "base64", "tensor-proto", "wire")
#: The clients whose tails the article gives.
TAIL_CODECS = ("json", "tensor-proto")
REFERENCE = "tensor-proto"
#: So many clients in a row without an answer end an experiment: each of them waits for as long as a call may take.
PATIENCE = 3
#: Scores of one model through two codecs differ by rounding in text, and by the order of parallel sums.
_RELATIVE, _ABSOLUTE = 1e-3, 1e-6


def measure_vectors(lab: Lab) -> Evidence:
    """Call each perceptron with its vector."""
    listed: list[Series] = []
    facts: Facts = {}
    for payload, classifier in MLPS.items():
        codecs = _agreeing(lab, classifier, payload)
        runs = [
            _client(lab, classifier, payload, codec, number, lab.effort.calls_s)
            for number in range(lab.effort.rounds)
            for codec in shuffled(codecs, lab.seed, number)
        ]
        listed += _latencies(runs)
        predicted, told = predict_calls(lab, _by_client(runs), works=False)
        listed += predicted
        facts.update(told)
    return Evidence("vectors", tuple(listed), facts)


def measure_resnet(lab: Lab) -> Evidence:
    """Call ResNet-50 with one image; the article's two clients often enough for a p99, if there is time for it."""
    codecs = _agreeing(lab, RESNET50, "image")
    runs: list[EndToEndRun] = []
    longer = dict.fromkeys(codecs, lab.effort.calls_s)
    for number in range(lab.effort.rounds):
        for codec in shuffled(codecs, lab.seed, number):
            runs.append(_client(lab, RESNET50, "image", codec, number, longer[codec]))
        if number == 0:
            longer.update(_for_tails(lab, runs))
    predicted, facts = predict_calls(lab, _by_client(runs), works=True)
    return Evidence("resnet", (*_latencies(runs), *_cpu(runs), *predicted), facts)


def _for_tails(lab: Lab, first: Iterable[EndToEndRun]) -> dict[str, float]:
    """Return the seconds that clients of the rounds after the first need for a p99; none where that takes too long."""
    rounds = max(1, lab.effort.rounds - 1)
    calls = -(-SAMPLE_FLOOR[0.99] // rounds)
    if calls > MAX_CALLS:
        return {}
    seconds = {
        run.codec: 1.1 * calls * sum(call.total_s for call in run.calls) / len(run.calls)
        for run in first
        if run.codec in TAIL_CODECS and run.calls
    }
    if sum(seconds.values()) * rounds > lab.effort.tail_s:
        return {}
    return {codec: max(needed, lab.effort.calls_s) for codec, needed in seconds.items()}


def _client(lab: Lab, classifier: Classifier, payload: str, codec: str, number: int, calls_s: float) -> EndToEndRun:
    target = lab.on_target(classifier_call(classifier, codec))
    run = lab.called.get((payload, codec, number)) or lab.of(codec).keeping(
        lab.keep_calls, endtoend.measure, target, payload, codec, seed=lab.seed, round_number=number, calls_s=calls_s
    )
    silent = lab.unanswered >= PATIENCE or server_gone(target.endpoint)
    if run.error and not run.calls and (silent or is_refusal(run)):
        raise MeasureError(f"{classifier.model} over {codec}: {run.error}")
    return run


def _latencies(runs: Iterable[EndToEndRun]) -> list[Series]:
    return [
        series(
            said.LATENCY, "s", {run.round: tuple(call.total_s for call in run.calls) for run in clients},
            codec=codec, payload=payload,
        )
        for (payload, codec), clients in _by_client(run for run in runs if run.calls).items()
    ]  # fmt: skip


def _cpu(runs: Iterable[EndToEndRun]) -> list[Series]:
    """Return CPU seconds per call of client, server and both; of the client alone where the server's are unknown."""
    listed = []
    for (_, codec), clients in _by_client(runs).items():
        client = {run.round: run.client_cpu_s / len(run.calls) for run in clients if run.calls}
        server = {
            run.round: run.server_cpu_s / len(run.calls)
            for run in clients
            if run.calls and run.server_cpu_s is not None
        }
        both = {number: client[number] + seconds for number, seconds in server.items()}
        listed += [
            series(quantity, "s", samples, codec=codec)
            for quantity, samples in ((said.CLIENT_CPU, client), (said.SERVER_CPU, server), (said.CPU, both))
            if samples
        ]
    return listed


def _by_client(runs: Iterable[EndToEndRun]) -> Mapping[tuple[str, str], list[EndToEndRun]]:
    found: dict[tuple[str, str], list[EndToEndRun]] = {}
    for run in runs:
        found.setdefault((run.payload, run.codec), []).append(run)
    return found


def _agreeing(lab: Lab, classifier: Classifier, payload: str) -> list[str]:
    """Return the codecs to call with, once all have brought the scores that the reference brings.

    Raises:
        MeasureError: one did not; nothing is fast that is wrong.
    """
    codecs = lab.available(CODECS)
    calls = {codec: classifier_call(classifier, codec) for codec in codecs}
    target = lab.on_target(None)
    caller = REFERENCE if REFERENCE in codecs else codecs[0]
    wrong = lab.ask(caller, compare_answers, target.endpoint, target.options, payload, lab.seed, calls)
    if wrong:
        told = "; ".join(f"{codec}: {text}" for codec, text in wrong.items())
        raise MeasureError(f"{classifier.model} does not answer alike through all codecs: {told}")
    return codecs


def compare_answers(
    endpoint: Endpoint, options: TransportOptions, payload_spec: str, seed: int, calls: Mapping[str, Call]
) -> dict[str, str]:
    """Be a fresh process that calls once through each codec; return what is wrong with the answers, by codec."""
    payload = parse_payload(payload_spec, seed=seed)
    answers = {}
    for name, named in calls.items():
        codec, call = registry.get(name), named
        with open_transport(codec.transport, endpoint, call, options) as transport:
            answer = codec.decode(transport.send(codec.encode(payload.build(call.inputs), call)), call)
            (answers[name],) = answer.values()
    expected = answers.get(REFERENCE, next(iter(answers.values())))
    return {
        name: f"shape {list(scores.shape)}, first scores {scores.reshape(-1)[:2].tolist()}"
        for name, scores in answers.items()
        if scores.shape != expected.shape or not np.allclose(scores, expected, _RELATIVE, _ABSOLUTE)
    }


Facts = dict[str, str | int | float | bool]


def predict_calls(
    lab: Lab, by_client: Mapping[tuple[str, str], Sequence[EndToEndRun]], *, works: bool
) -> tuple[list[Series], Facts]:
    """Return predicted latencies of every payload × codec with what they rest on; nothing where the server is real.

    The client's encode and decode are those of the calls. ``works`` adds the model's own work: the least that any
    codec's exchange took more than the law says; a model that hardly computes has none.
    """
    if lab.target is None or lab.target.endpoint.kind != "embedded":
        return [], {}
    try:
        law = find_law(TENSORFLOW_SERVING, lab.folder.path.parent.parent)
        yardsticks = lab.of("raw").call(measure_yardsticks)
        carried = carry(law, LawMachine.of(describe_machine()), yardsticks)
    except SerlabError as error:
        lab.say.remark(f"no prediction for TensorFlow Serving: {error}")
        return [], {}
    facts: Facts = {said.LAW: law.name}
    exchanges: dict[tuple[str, str], float] = {}
    for (payload, codec), runs in by_client.items():
        route = carried.law.route(registry.codec_class(codec).route or "grpc")
        if route is not None and any(run.calls for run in runs):
            sizes = max(run.request_bytes for run in runs), max(run.response_bytes for run in runs)
            exchanges[payload, codec] = route.exchange_s(*sizes)
            facts[f"{said.LAW_SPREAD}, {codec}"] = half_width(route, carried.spread)
    listed = []
    for (payload, codec), exchange in exchanges.items():
        work = _work(payload, exchanges, by_client) if works else 0.0
        steps = {
            run.round: tuple(call.encode_s + call.decode_s + exchange + work for call in run.calls)
            for run in by_client[payload, codec]
        }
        listed.append(series(said.PREDICTED, "s", steps, codec=codec, payload=payload))
        listed.append(series(said.PREDICTED_EXCHANGE, "s", {0: exchange}, codec=codec, payload=payload))
    return listed, facts


def _work(
    payload: str,
    exchanges: Mapping[tuple[str, str], float],
    by_client: Mapping[tuple[str, str], Sequence[EndToEndRun]],
) -> float:
    more = [
        median(call.exchange_s for run in by_client[key] for call in run.calls) - exchange
        for key, exchange in exchanges.items()
        if key[0] == payload
    ]
    return max(0.0, min(more))
