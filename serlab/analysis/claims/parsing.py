"""The claim about parsing: JSON against protobuf, by payload size and by the form of the answer."""

from __future__ import annotations

from serlab.analysis.claims.arithmetic import reproduced_if
from serlab.analysis.claims.samples import find, ratio
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Judgement, Quantity

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
