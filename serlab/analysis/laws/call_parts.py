"""Where the time of a predicted call goes: the client's two steps, and the law's three terms between them."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.analysis.laws.scale import by_factors
from serlab.records.law import Law
from serlab.records.prediction import Predictions


@dataclass(frozen=True, slots=True)
class CallParts:
    """Seconds of one call: ``fixed_s`` is the route's floor (send, the model, receive), whatever the sizes.

    ``request_s`` and ``response_s`` are what the request's and the response's bytes cost the server and the way.
    """

    payload: str
    codec: str
    encode_s: float
    fixed_s: float
    request_s: float
    response_s: float
    decode_s: float


def call_parts(found: Predictions, law: Law) -> tuple[CallParts, ...]:
    """Return the parts of every prediction whose route ``law``, carried by the predictions' own factors, knows."""
    carried = by_factors(law, found.factors)
    parts = []
    for one in found.predictions:
        route = carried.route(one.route)
        if route:
            costs = (route.floor_s, route.request.cost(one.request_bytes), route.response.cost(one.response_bytes))
            parts.append(CallParts(one.payload, one.codec, one.encode_s, *costs, one.decode_s))
    return tuple(parts)
