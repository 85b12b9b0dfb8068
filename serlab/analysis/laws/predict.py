"""Predicts a run's calls from isolated costs and a law, and holds the predictions against what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from statistics import median

import numpy as np

from serlab.analysis.laws.fit import fit_route
from serlab.analysis.laws.meaning import meaning
from serlab.analysis.stats import midmean
from serlab.analysis.view import RunView
from serlab.errors import MeasureError
from serlab.records.endtoend import EndToEndRun
from serlab.records.law import Law, LawPoint, Route, RouteLaw
from serlab.records.prediction import Agreement, Order, Prediction
from serlab.records.run import Case, Interval

#: Two codecs within this ratio of each other tie: no order is claimed.
TIE = 1.10
#: 95 % of a normal distribution lies within so many standard deviations.
_Z95 = 1.96
_NEAR = 0.3
#: Bodies whose sizes differ by less than this part are the same to a server.
_SAME = 0.01


def predict(
    view: RunView, law: Law, routes: Mapping[str, Route], spread: float = 0.0, *, echo: bool = True
) -> tuple[Prediction, ...]:
    """Return a prediction per payload × codec of the run that has isolated times and whose route the law knows.

    ``routes`` gives each codec's route; ``spread`` is the standard deviation of the scaling's log (``scale.carry``).
    Over gRPC the decode is of ``values``, as a stock server answers. Bodies are the calls' own where there were calls.
    ``echo`` False adds the model's own work to each payload's calls: the least that any codec's exchange takes more
    than the law says.
    """
    found: list[Prediction] = []
    for payload in view.data.info.payloads:
        mine = []
        for codec in view.data.info.codecs:
            known = law.route(routes[codec]) if codec in routes else None
            if known and (prediction := _predict(view, payload.name, codec, known, spread)):
                mine.append((prediction, known))
        work = 0.0 if echo else _model_work(view, [prediction for prediction, _ in mine])
        for prediction, known in mine:
            total = _with_exchange(replace(prediction, model_s=work), prediction.exchange_s, half_width(known, spread))
            clients = [run for run in view.clients.get((payload.name, prediction.codec), []) if run.calls]
            found.append(replace(total, meaning=meaning(total, clients)))
    return tuple(found)


def times_less(slow: Prediction, fast: Prediction) -> Interval:
    """Return how many times less ``fast`` would take than ``slow``, with its 95 % interval.

    Bounds of a ratio from those of its two parts, in logs, as if their errors were independent (MOVER; Donner and Zou,
    "Closed-form confidence intervals for functions of the normal mean and standard deviation", 2012). Errors that two
    predictions share would cancel, so it is rather too wide.
    """
    one, other = (found.total_s for found in (slow, fast))
    middle = one.median / other.median
    down = math.hypot(math.log(one.median / one.low), math.log(other.high / other.median))
    up = math.hypot(math.log(one.high / one.median), math.log(other.median / other.low))
    return Interval(middle, middle * math.exp(-down), middle * math.exp(up), 0)


def order(predictions: Sequence[Prediction]) -> tuple[Order, ...]:
    """Return each payload's codecs by predicted and by measured time, and the pairs that change places."""
    orders = []
    for payload in dict.fromkeys(prediction.payload for prediction in predictions):
        mine = sorted((p for p in predictions if p.payload == payload), key=lambda p: p.total_s.median)
        called = sorted(((p.measured_s, p.codec) for p in mine if p.measured_s), key=lambda pair: pair[0])
        swapped = tuple((one.codec, other.codec) for one, other in combinations(mine, 2) if _swapped(one, other))
        orders.append(Order(payload, tuple(p.codec for p in mine), tuple(codec for _, codec in called), swapped))
    return tuple(orders)


def agreement(predictions: Sequence[Prediction]) -> Agreement | None:
    """Return how predicted and measured totals agree, None where nothing was called."""
    pairs = [(p.total_s.median, p.measured_s) for p in predictions if p.measured_s]
    if not pairs:
        return None
    errors = [abs(predicted / measured - 1) for predicted, measured in pairs]
    near = sum(error <= _NEAR for error in errors) / len(errors)
    return Agreement(len(errors), median(errors), max(errors), near, _slope(pairs))


def left_out(view: RunView, routes: Mapping[str, Route], isolated: Sequence[Prediction]) -> tuple[Prediction, ...]:
    """Return each codec's calls as predicted from the *other* codecs' exchanges with the same server.

    Where another codec sent the same bytes, its exchange is the prediction; elsewhere a law of the others' exchanges.

    ``isolated`` gives encode and decode of each payload × codec: any predictions of this run. Codecs whose route has
    no other codec, or only one other size, are left out.
    """
    points = run_points(view, routes)
    found = []
    for codec in dict.fromkeys(prediction.codec for prediction in isolated):
        route = routes[codec]
        others = [point for name, point in points if name != codec and point.route == route]
        try:
            law: RouteLaw | None = fit_route(route, others)
        except MeasureError:
            law = None
        for known in isolated:
            if known.codec != codec or not known.measured_s:
                continue
            same = [point.median_s for point in others if _same_bodies(point, known)]
            if same:
                exchange = median(same)
            elif law:
                exchange = law.exchange_s(known.request_bytes, known.response_bytes)
            else:
                continue
            # Exchanges hold the model's work already.
            found.append(_with_exchange(replace(known, model_s=0.0), exchange, law.errors.spread if law else 0.0))
    return tuple(found)


def _same_bodies(point: LawPoint, known: Prediction) -> bool:
    """Whether another codec sent and received as much with the same payload: its exchange is then this one's."""
    pairs = ((point.request_bytes, known.request_bytes), (point.response_bytes, known.response_bytes))
    return point.kind == known.payload and all(abs(one - other) <= _SAME * other for one, other in pairs)


def run_points(view: RunView, routes: Mapping[str, Route]) -> list[tuple[str, LawPoint]]:
    """Return the exchanges that a run's clients saw, as points of a law, each with its codec."""
    found = []
    for (payload, codec), clients in view.clients.items():
        exchanges = [call.exchange_s for run in clients for call in run.calls]
        if codec in routes and exchanges:
            sizes = max(run.request_bytes for run in clients), max(run.response_bytes for run in clients)
            middle, low, high = map(float, np.quantile(exchanges, (0.5, 0.25, 0.75)))
            found.append((codec, LawPoint(routes[codec], *sizes, middle, low, high, len(exchanges), payload)))
    return found


def _predict(view: RunView, payload: str, codec: str, law: RouteLaw, spread: float) -> Prediction | None:
    encode = view.in_call_times.get(Case(payload, codec, "encode"))
    decode = view.in_call_times.get(Case(payload, codec, "decode", "values" if law.route == "grpc" else None))
    clients = [run for run in view.clients.get((payload, codec), []) if run.calls]
    sizes = _sizes(view, payload, codec, clients)
    if not encode or not decode or sizes is None:
        return None
    blank = Prediction(
        payload,
        codec,
        law.route,
        *sizes,
        midmean(encode.values()),
        0.0,
        midmean(decode.values()),
        Interval(0.0, 0.0, 0.0, 0),
        _measured(clients),
        covered=law.covers(*sizes),
    )
    return _with_exchange(blank, law.exchange_s(*sizes), half_width(law, spread))


def half_width(law: RouteLaw, spread: float) -> float:
    """Return the half-width of an exchange's 95 % interval, in logs: what the law leaves open, and its scaling."""
    return math.hypot(law.errors.spread, _Z95 * spread)


def _model_work(view: RunView, predictions: Sequence[Prediction]) -> float:
    more = [
        median(call.exchange_s for run in clients for call in run.calls) - prediction.exchange_s
        for prediction in predictions
        if (clients := [run for run in view.clients.get((prediction.payload, prediction.codec), []) if run.calls])
    ]
    return max(0.0, min(more, default=0.0))


def _with_exchange(known: Prediction, exchange_s: float, spread: float) -> Prediction:
    """Return ``known`` with another exchange. ``spread`` widens it alone: the client's own steps were measured."""
    steps = known.encode_s + known.decode_s + known.model_s
    total = Interval(
        steps + exchange_s, steps + exchange_s * math.exp(-spread), steps + exchange_s * math.exp(spread), 0
    )
    residual = known.measured_s / total.median - 1 if known.measured_s else None
    return replace(known, exchange_s=exchange_s, total_s=total, residual=residual)


def _sizes(view: RunView, payload: str, codec: str, clients: Sequence[EndToEndRun]) -> tuple[int, int] | None:
    if clients:
        return max(run.request_bytes for run in clients), max(run.response_bytes for run in clients)
    gate = view.gates.get((payload, codec))
    if gate is None or not gate.request_bytes or not gate.response_bytes:
        return None
    return gate.request_bytes, gate.response_bytes.get("values") or max(gate.response_bytes.values())


def _measured(clients: Sequence[EndToEndRun]) -> float | None:
    totals = [call.total_s for run in clients for call in run.calls]
    return median(totals) if totals else None


def _swapped(one: Prediction, other: Prediction) -> bool:
    """Whether two predictions, the faster first, are in another order than their measured calls, beyond a tie."""
    if not one.measured_s or not other.measured_s:
        return False
    return other.total_s.median / one.total_s.median > TIE and one.measured_s / other.measured_s > TIE


def _slope(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < 3:
        return None
    from scipy.stats import theilslopes

    return float(theilslopes([measured for _, measured in pairs], [predicted for predicted, _ in pairs]).slope)
