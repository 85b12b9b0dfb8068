"""What TensorFlow Serving would have taken for calls that were made to the stand-in: by its law, carried to here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from serlab.analysis.laws.predict import half_width
from serlab.analysis.laws.scale import carry
from serlab.codecs import registry
from serlab.errors import SerlabError
from serlab.measure.claims.lab import Lab, series
from serlab.measure.process.machine import describe_machine
from serlab.measure.yardsticks import measure_yardsticks
from serlab.records import evidence as said
from serlab.records.claims import Series
from serlab.records.endtoend import EndToEndRun
from serlab.records.law import LawMachine
from serlab.records.law_files import TENSORFLOW_SERVING, find_law

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
