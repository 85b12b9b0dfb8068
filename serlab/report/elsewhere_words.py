"""What TensorFlow Serving would make of a run on another server, in sentences: the prediction by its law."""

from __future__ import annotations

from collections.abc import Iterator

from serlab.analysis.laws.predict import times_less
from serlab.records.prediction import Prediction, Predictions
from serlab.report import sentences, units
from serlab.report.blocks import Fact, Link
from serlab.report.origin import is_embedded
from serlab.report.source import Source

#: Payloads that are named before the others are left to their table.
NAMED = 4
#: Pairs that change places that are named before the others are counted, and the table that has all of them.
SWAPS, SWAPS_TABLE = 2, "swaps-table"


def headline(source: Source, payload: str) -> str:
    """Return the answer there, for a run on the lab's own server: the fastest way that returns the same bits; or ""."""
    ways = _ways(source, payload)
    if not ways or not is_embedded(source.data.info.instance):
        return ""
    best, base = ways[0], _base(source, payload)
    if base and base.total_s.median > best.total_s.median:
        less = times_less(base, best)
        return (
            f"On TensorFlow Serving, a call with {payload} would take about {units.ratio_interval(less)} less time "
            f"with {_way(best)} than with {base.codec}{'' if less.above(1) else ': too close to call'}."
        )
    return f"On TensorFlow Serving, a call with {payload} would take least time with {_way(best)}."


def facts(source: Source, first: str) -> Iterator[Fact]:
    """Yield what calls would take there, ``first`` first, or how to find out."""
    found = source.predictions
    if found and not found.own:
        yield Fact("Predicted for TensorFlow Serving", tuple(_predicted(source, found, first)))
    elif is_embedded(source.data.info.instance) and source.calls:
        yield Fact(
            "On TensorFlow Serving",
            "It reads numbers faster, writes them slower, takes less over gRPC: serlab bench --serving binary, docker "
            "or HOST:PORT:PORT.",
            "warn",
        )


def _predicted(source: Source, found: Predictions, first: str) -> Iterator[str | Link]:
    base = _base(source, first)
    ways = _ways(source, first)
    told = [_taken(one, base, than=not number) for number, one in enumerate(ways)]
    if base and base not in ways:
        own = units.percent((base.encode_s + base.decode_s) / base.total_s.median)
        told.append(f"{_time(base)} with {base.codec}, {own} of it encode and decode")
    others = [
        f"{order.payload} {units.seconds(ways[0].total_s.median)} with {ways[0].codec}"
        for order in found.orders
        if order.payload != first and (ways := _ways(source, order.payload))
    ]
    told = [f"{first} {'; '.join(told)}"] if told else []
    yield f"{'. '.join([*told, *others[-NAMED:]])}. From the law {found.law}. "
    if len(source.view.measured) > 1:
        yield from places(found)


def _taken(one: Prediction, base: Prediction | None, *, than: bool) -> str:
    """Say what a way takes, and how many times less than the codec that is used now, which ``than`` names."""
    text = f"{_time(one)} with {_way(one)}"
    if base is None or base.codec == one.codec or base.total_s.median <= one.total_s.median:
        return text
    less = f"{text}, {units.ratio_interval(times_less(base, one))} less"
    return f"{less} than with {base.codec}" if than else less


def places(found: Predictions) -> Iterator[str | Link]:
    """Say which codecs change places there: the first of them, and where all stand."""
    pairs = swapped(found)
    if not pairs:
        yield "The order of codecs is the same there."
        return
    named = [f"{there} overtakes {here} ({payload})" for payload, there, here in pairs[:SWAPS]]
    more = len(pairs) - SWAPS
    if more <= 0:
        yield f"There {sentences.listing(named)}."
        return
    yield f"There {', '.join(named)} "
    yield Link(f"and {more} more {'pairs change' if more > 1 else 'pair changes'} places", f"#{SWAPS_TABLE}")
    yield "."


def swapped(found: Predictions) -> list[tuple[str, str, str]]:
    """Return every pair of codecs that changes places by a law: payload, the faster by the law, the faster here."""
    return [(order.payload, *pair) for order in found.orders for pair in order.swapped]


def _ways(source: Source, payload: str) -> list[Prediction]:
    """Return the fastest way there over each transport that returns the same bits, the faster of them first."""
    found = source.predictions
    if not found or found.own:
        return []
    order = next((order.predicted for order in found.orders if order.payload == payload), ())
    gates = source.view.gates
    exact = [codec for codec in order if (gate := gates.get((payload, codec))) and gate.exactness.exact]
    firsts: dict[str, Prediction] = {}
    for codec in exact:
        if one := found.of(payload, (codec,)):
            firsts.setdefault(_over(one), one)
    return list(firsts.values())


def _base(source: Source, payload: str) -> Prediction | None:
    return source.predictions.of(payload, (source.baseline,)) if source.predictions else None


def _over(found: Prediction) -> str:
    return sentences.transport("grpc" if found.route == "grpc" else "rest")


def _way(found: Prediction) -> str:
    return f"{found.codec} over {_over(found)}"


def _time(found: Prediction) -> str:
    return f"{units.seconds(found.total_s.median)} {units.bounds(found.total_s, units.seconds)}"
