"""Claims about the formats: the size of an image, how long parsing takes, and what becomes of extreme values."""

from __future__ import annotations

from collections.abc import Iterator

from serlab.analysis.claims.arithmetic import about, reproduced_if
from serlab.analysis.claims.samples import estimate, exactly, find, ratio
from serlab.analysis.stats import CONFIDENCE
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Judgement, Quantity, Series
from serlab.records.run import Interval

IMAGE_BYTES = 1 * 224 * 224 * 3 * 4
#: "2.8 MB" may mean either; a body of .tolist() + compact JSON is 2.86 MiB.
CLAIMED_JSON_BYTES = (2.8e6, 2.8 * 2**20)
CLAIMED_PROTO_BYTES = 603e3
#: Names and shape add tens of bytes to 602,112: "603 KB" can only be meant to the KB.
PROTO_TOLERANCE = 0.005

#: What the article's client does: ``.tolist()``, then the standard library's json.
ARTICLE_CODEC = "json"


def size_raw(evidence: Evidence) -> Judgement:
    """Elements × 4 bytes, exactly."""
    found = find(evidence, said.RAW_BYTES, payload="image")
    measured = estimate(found)
    holds = measured is not None and measured.median == IMAGE_BYTES
    quantities = (Quantity("float32 [1,224,224,3]", measured, "bytes"),) if measured else ()
    return Judgement(reproduced_if(holds), quantities, "1 × 224 × 224 × 3 × 4 = 602,112")


def size_json(evidence: Evidence) -> Judgement:
    """About 2.8 MB for the article's own client and values with all their digits."""
    bodies = [series for series in evidence.series if series.quantity == said.REQUEST_BYTES and series.setting]
    ordered = sorted(bodies, key=lambda series: (series.codec != ARTICLE_CODEC, series.setting != "uniform"))
    quantities = tuple(
        Quantity(f"{series.codec}, {series.setting} values", value, "bytes")
        for series in ordered
        if (value := estimate(series)) is not None
    )
    article = find(evidence, said.REQUEST_BYTES, codec=ARTICLE_CODEC, payload="image", setting="uniform")
    measured = estimate(article)
    holds = measured is not None and about(measured.median, *CLAIMED_JSON_BYTES)
    sizes = [quantity.value.median / IMAGE_BYTES for quantity in quantities]
    finding = (
        f".tolist() + json of uniform values is {measured.median / IMAGE_BYTES:.1f}x the raw size; over all JSON "
        f"codecs and values it is {min(sizes):.1f}x to {max(sizes):.1f}x: .tolist() makes float64 of float32, which "
        "takes twice the digits"
        if measured and sizes
        else "no JSON codec could write the image"
    )
    return Judgement(reproduced_if(holds), quantities, finding)


def size_proto(evidence: Evidence) -> Judgement:
    """About 603 KB: the raw bytes and a header."""
    measured = estimate(find(evidence, said.MESSAGE_BYTES, payload="image"))
    if measured is None:
        return Judgement(reproduced_if(False), (), "no TensorProto could be made")
    whole = [
        Quantity(f"whole request, {series.codec}", value, "bytes")
        for series in evidence.series
        if series.quantity == said.REQUEST_BYTES and not series.setting and (value := estimate(series)) is not None
    ]
    overhead = measured.median - IMAGE_BYTES
    return Judgement(
        reproduced_if(about(measured.median, CLAIMED_PROTO_BYTES, tolerance=PROTO_TOLERANCE)),
        (Quantity("TensorProto", exactly(measured.median), "bytes"), *whole),
        f"the message adds {overhead:.0f} bytes to the raw data",
    )


CLAIMED_RATIO = 10.0
#: The article's clients. A stock TensorFlow Serving answers gRPC in ``values`` form.
JSON_CODEC, PROTO_CODEC, STOCK_FORM = "json", "tensor-proto", "values"
#: Who is compared with whom besides: (slower codec, form), (faster codec, form).
_OTHERS = (
    ((JSON_CODEC, ""), (PROTO_CODEC, "content")),
    (("json-simdjson", ""), (PROTO_CODEC, STOCK_FORM)),
    ((JSON_CODEC, ""), ("wire", STOCK_FORM)),
)


def parse_speed(evidence: Evidence) -> Judgement:
    """At least 10x at every payload size, as a stock server answers."""
    payloads = list(dict.fromkeys(series.payload for series in evidence.series if series.quantity == said.DECODE))
    headline = [
        _compare(evidence, payload, (JSON_CODEC, ""), (PROTO_CODEC, STOCK_FORM)) for payload in reversed(payloads)
    ]
    known = [quantity for quantity in headline if quantity]
    # The size at which the claim fails is the one to show, and the smallest ratio decides.
    known.sort(key=lambda quantity: quantity.value.median)
    others = [_compare(evidence, payload, slow, fast) for payload in reversed(payloads) for slow, fast in _OTHERS]
    holds = bool(known) and all(quantity.value.low >= CLAIMED_RATIO for quantity in known)
    listed = ", ".join(
        f"{quantity.value.median:.1f}x ({payload})"
        for payload, quantity in zip(reversed(payloads), headline, strict=True)
        if quantity
    )
    finding = (
        f"json + np.array takes {listed} the time of FromString + make_ndarray on a stock answer; the ratio is one "
        "of payload size, of the answer's form and of the parser"
    )
    return Judgement(reproduced_if(holds), (*known, *(quantity for quantity in others if quantity)), finding)


def _compare(evidence: Evidence, payload: str, slow: tuple[str, str], fast: tuple[str, str]) -> Quantity | None:
    value = ratio(
        find(evidence, said.DECODE, codec=slow[0], payload=payload, setting=slow[1]),
        find(evidence, said.DECODE, codec=fast[0], payload=payload, setting=fast[1]),
    )
    form = f" ({fast[1]})" if fast[1] else ""
    return Quantity(f"{payload}: {slow[0]} ÷ {fast[0]}{form}", value, "ratio") if value else None


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
