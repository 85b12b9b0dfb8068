"""Claims about running a service: bounded uploads, batching, one gateway for both protocols."""

from __future__ import annotations

from serlab.analysis.claims.arithmetic import reproduced_if, undecided
from serlab.analysis.claims.samples import difference, estimate, find, ratio
from serlab.records import evidence as said
from serlab.records.claims import NOT_TESTABLE, Evidence, Judgement, Quantity, Series
from serlab.records.run import Interval

#: A peak that grows by less than this share when the payload is several times as large does not grow with it.
BOUNDED_GROWTH = 1.5

SMALL, LARGE = "4x224x224x3:float32", "batch-16"


def memory_chunk(evidence: Evidence) -> Judgement:
    """The chunked upload's peak stays when the payload grows fourfold, and is below that of the whole body."""
    against = ratio(_peak(evidence, said.WHOLE, LARGE), _peak(evidence, said.CHUNKED, LARGE))
    growth = ratio(_peak(evidence, said.CHUNKED, LARGE), _peak(evidence, said.CHUNKED, SMALL))
    if against is None or growth is None:
        return Judgement(NOT_TESTABLE, finding="no upload succeeded", needs="a server with a REST API")
    quantities = [
        Quantity("peak, whole body ÷ chunked, batch-16", against, "ratio"),
        Quantity("peak, chunked, 16 images ÷ 4 images", growth, "ratio"),
    ]
    for setting in (said.WHOLE, said.CHUNKED):
        peak = estimate(_peak(evidence, setting, LARGE))
        if peak:
            quantities.append(Quantity(f"peak, {setting}, batch-16", peak, "bytes"))
    return Judgement(
        reproduced_if(against.low > 1.0 and growth.high < BOUNDED_GROWTH),
        tuple(quantities),
        "written row by row, the client holds rows, not the batch; the server still holds all of it",
    )


def batching(evidence: Evidence) -> Judgement:
    """Throughput with batching is higher beyond doubt."""
    settings = list(dict.fromkeys(series.setting for series in evidence.series if series.quantity == said.THROUGHPUT))
    base = find(evidence, said.THROUGHPUT, setting=said.NO_BATCHING)
    gains = {
        setting: gain
        for setting in settings
        if setting != said.NO_BATCHING and (gain := ratio(find(evidence, said.THROUGHPUT, setting=setting), base))
    }
    if not gains:
        return Judgement(NOT_TESTABLE, finding="no throughput was measured", needs="a servable with batching")
    ordered = sorted(gains.items(), key=lambda item: -item[1].median)
    quantities = [Quantity(f"throughput, {setting} ÷ no batching", gain, "ratio") for setting, gain in ordered]
    best_setting, best = ordered[0]
    verdict = NOT_TESTABLE if best.is_range else reproduced_if(best.above(1.0))
    return Judgement(
        verdict,
        tuple(quantities),
        f"best of {len(gains)} settings: {best_setting}; {_rises(best)}",
        undecided(verdict, best),
    )


def dual_protocol(evidence: Evidence) -> Judgement:
    """Both protocols answer the same through the gateway."""
    works = evidence.facts.get(said.SAME_ANSWERS) is True
    through = [
        series
        for series in evidence.series
        if series.quantity == said.LATENCY and series.setting == said.THROUGH_GATEWAY
    ]
    quantities = []
    for series in through:
        direct = find(evidence, said.LATENCY, codec=series.codec, payload=series.payload, setting=said.DIRECT)
        if added := difference(series, direct):
            quantities.append(Quantity(f"added to a call with {series.payload}, {series.codec}", added, "s"))
        if times := ratio(series, direct):
            quantities.append(
                Quantity(f"through the gateway ÷ direct, {series.payload}, {series.codec}", times, "ratio")
            )
    gateway = evidence.facts.get(said.GATEWAY_NAME, "the gateway")
    return Judgement(
        reproduced_if(works and bool(quantities)),
        tuple(quantities),
        f"{gateway} carries gRPC and REST; "
        + ("the answers are the same as direct ones" if works else "the answers are not the same as direct ones"),
    )


def _peak(evidence: Evidence, setting: str, payload: str) -> Series | None:
    return find(evidence, said.PEAK, payload=payload, setting=setting)


def _rises(gain: Interval) -> str:
    if gain.above(1.0):
        return "it raises throughput"
    return "it lowers throughput" if gain.below(1.0) else "too close to call"
