"""Claims about the size of an image in each format."""

from __future__ import annotations

from serlab.analysis.claims.arithmetic import about, reproduced_if
from serlab.analysis.claims.samples import estimate, exactly, find
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Judgement, Quantity

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
