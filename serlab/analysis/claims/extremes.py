"""The claim about extreme values in JSON."""

from __future__ import annotations

from collections.abc import Iterator

from serlab.analysis.claims.arithmetic import reproduced_if
from serlab.analysis.stats import CONFIDENCE
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Judgement, Quantity, Series
from serlab.records.run import Interval


def json_precision(evidence: Evidence) -> Judgement:
    """Some extreme value that can be sent comes back altered through the server as JSON, and none does as bytes."""
    shares = {
        (series.codec, series.setting): share(series) for series in evidence.series if series.quantity == said.EXACT
    }
    quantities = tuple(
        Quantity(f"extreme float64 values altered: {codec}, {place}", value, "share")
        for (codec, place), value in _ordered(shares)
    )
    json_live = [value for (codec, place), value in shares.items() if place == said.LIVE and _is_json(evidence, codec)]
    binary_live = [
        value for (codec, place), value in shares.items() if place == said.LIVE and not _is_json(evidence, codec)
    ]
    offline = [
        value.median for (codec, place), value in shares.items() if place == said.OFFLINE and _is_json(evidence, codec)
    ]
    holds = any(value.low > 0 for value in json_live) and all(value.median == 0 for value in binary_live)
    named = evidence.facts.get(said.NAMED_VALUE)
    at_home = "none of them without a server" if offline and max(offline) == 0 else "some of them without a server too"
    return Judgement(
        reproduced_if(holds),
        quantities,
        f"1e-100 itself comes back {named}; of other extreme values, JSON codecs alter {at_home}: it is the server's "
        "reader that rounds. A float32 cannot hold 1e-100 in any format: it is 0 before it is encoded",
    )


def share(series: Series) -> Interval:
    """Return the share of values that were altered (samples of 1: exact, 0: altered), with Wilson's interval."""
    from scipy.stats import binomtest

    values = [value for samples in series.samples.values() for value in samples]
    altered = sum(1 for value in values if not value)
    bounds = binomtest(altered, len(values)).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(altered / len(values), float(bounds.low), float(bounds.high), len(values))


def _ordered(shares: dict[tuple[str, str], Interval]) -> Iterator[tuple[tuple[str, str], Interval]]:
    yield from sorted(shares.items(), key=lambda item: (item[0][1] != said.LIVE, -item[1].median))


def _is_json(evidence: Evidence, codec: str) -> bool:
    return codec in str(evidence.facts.get(said.JSON_CODECS, "")).split(",")
