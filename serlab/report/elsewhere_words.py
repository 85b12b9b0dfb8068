"""What TensorFlow Serving would make of a run on the lab's own server, in sentences: the prediction by its law."""

from __future__ import annotations

from collections.abc import Iterator

from serlab.records.prediction import Prediction, Predictions
from serlab.report import sentences, units
from serlab.report.blocks import Fact, Link, Sentence
from serlab.report.origin import is_embedded
from serlab.report.source import Source

#: Payloads that are named before the others are left to their table.
NAMED = 4
#: Pairs that change places that are named before the others are counted, and the table that has all of them.
SWAPS, SWAPS_TABLE = 2, "swaps-table"


def predicted(source: Source, payload: str) -> Iterator[Sentence]:
    """Yield the answer there: the fastest way that returns the same bits, how sure that is, and who changes places."""
    found = source.predictions
    best = _best(source, payload)
    if not found or best is None or not is_embedded(source.data.info.instance):
        return
    way = f"{best.codec} over {sentences.transport('grpc' if best.route == 'grpc' else 'rest')}"
    base = found.of(payload, (source.baseline,))
    if base and base.total_s.median > best.total_s.median:
        less = units.ratio(float(f"{base.total_s.median / best.total_s.median:.2g}"))
        yield (
            f"On TensorFlow Serving, a call with {payload} would take about {less} less time with {way} than with "
            f"{base.codec}."
        )
        yield f"Predicted by the law of {found.law}: {_time(best)}, instead of {_time(base)} with {base.codec}."
    else:
        yield f"On TensorFlow Serving, a call with {payload} would take least time with {way}."
        yield f"Predicted by the law of {found.law}: {_time(best)}."
    if len(source.view.measured) > 1:
        yield tuple(places(found))


def facts(source: Source, headlined: str) -> Iterator[Fact]:
    """Yield what the answer would be there for payloads that the headline does not tell, or how to find out."""
    told = headlined if is_embedded(source.data.info.instance) else ""
    if source.predictions and not source.predictions.own:
        found = [one for order in source.predictions.orders if (one := _best(source, order.payload))]
        others = [
            f"{one.payload} would take about {units.seconds(one.total_s.median)} with {one.codec}"
            for one in found
            if one.payload != told
        ]
        if others:
            yield Fact(
                "On TensorFlow Serving",
                f"{sentences.listing(others[-NAMED:])}, by the law of {source.predictions.law}.",
            )
    elif is_embedded(source.data.info.instance) and source.calls:
        yield Fact(
            "On TensorFlow Serving",
            "These times are the lab's own server's. TensorFlow Serving reads numbers faster, writes them slower, and "
            "takes less over gRPC: measure it with serlab bench --serving binary, docker or HOST:PORT:PORT.",
            "warn",
        )


def places(found: Predictions) -> Iterator[str | Link]:
    """Say which codecs change places there: the first of them, and where all stand."""
    pairs = swapped(found)
    if not pairs:
        yield "The order of codecs is the same there."
        return
    named = [f"{there} overtakes {here} ({payload})" for payload, there, here in pairs[:SWAPS]]
    more = len(pairs) - SWAPS
    if more <= 0:
        yield f"The order of codecs is another there: {sentences.listing(named)}."
        return
    yield f"The order of codecs is another there: {', '.join(named)} "
    yield Link(f"and {more} more {'pairs change' if more > 1 else 'pair changes'} places", f"#{SWAPS_TABLE}")
    yield "."


def swapped(found: Predictions) -> list[tuple[str, str, str]]:
    """Return every pair of codecs that changes places by a law: payload, the faster by the law, the faster here."""
    return [(order.payload, *pair) for order in found.orders for pair in order.swapped]


def _best(source: Source, payload: str) -> Prediction | None:
    """Return the least that a codec which returns the same bits would take there; None where that is not predicted."""
    found = source.predictions
    if not found or found.own:
        return None
    order = next((order.predicted for order in found.orders if order.payload == payload), ())
    gates = source.view.gates
    exact = [codec for codec in order if (gate := gates.get((payload, codec))) and gate.exactness.exact]
    return found.of(payload, tuple(exact))


def _time(found: Prediction) -> str:
    total = found.total_s
    return f"{units.seconds(total.median)} ({units.seconds(total.low)} to {units.seconds(total.high)})"
