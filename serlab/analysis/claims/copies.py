"""Claims about the client: copies made by make_tensor_proto, objects made by .tolist(), what imports cost."""

from __future__ import annotations

from serlab.analysis.claims.arithmetic import reproduced_if
from serlab.analysis.claims.samples import estimate, find, ratio
from serlab.analysis.stats import FEWEST
from serlab.records import evidence as said
from serlab.records.claims import NOT_TESTABLE, Evidence, Judgement, Quantity

#: Less than this share of the payload is headers and bookkeeping, not a copy.
NO_COPY_SHARE = 0.1
TOLIST_LEAST_RATIO = 2.0
TOLIST_SECONDS = (0.1, 1.0)

#: What the experiment names its steps by, in the order of the table.
WHOLE_REQUEST = "tensor-proto"
_STEPS = (said.MAKE_TENSOR_PROTO, WHOLE_REQUEST, "wire", "raw")


def zero_copy(evidence: Evidence) -> Judgement:
    """No copy: next to nothing allocated."""
    quantities = [
        Quantity(f"{label}: {what} ÷ payload", value, "ratio")
        for label in _STEPS
        for what in (said.ALLOCATED, said.COPY_VOLUME)
        if (value := estimate(find(evidence, what, codec=label, payload="image"))) is not None
    ]
    alone = estimate(find(evidence, said.ALLOCATED, codec=said.MAKE_TENSOR_PROTO, payload="image"))
    whole = estimate(find(evidence, said.ALLOCATED, codec=WHOLE_REQUEST, payload="image"))
    if alone is None:
        return Judgement(reproduced_if(False), tuple(quantities), "make_tensor_proto was not measured")
    volume = estimate(find(evidence, said.COPY_VOLUME, codec=WHOLE_REQUEST, payload="image"))
    seen = f", and scalene counts {volume.median:.1f} copies of it" if volume else ""
    request = f"; a whole request with CopyFrom and SerializeToString allocates {whole.median:.1f}x" if whole else ""
    return Judgement(
        reproduced_if(alone.median <= NO_COPY_SHARE),
        tuple(quantities),
        f"make_tensor_proto allocates {alone.median:.1f}x the payload, so it copies{request}{seen}",
    )


def tolist_time(evidence: Evidence) -> Judgement:
    """Hundreds of milliseconds for the batch of 100."""
    value = estimate(find(evidence, said.TIME, codec=said.TOLIST, payload="batch-100"))
    if value is None:
        return Judgement(reproduced_if(False), (), "nothing was timed")
    low, high = TOLIST_SECONDS
    quantities = [Quantity(".tolist() of batch-100", value, "s")]
    paused = estimate(find(evidence, said.TIME, codec=said.TOLIST, payload="batch-100", setting=said.COLLECTOR_PAUSED))
    finding = "15,052,800 floats, each its own object, in 5,040,101 lists"
    if paused:
        quantities.append(Quantity("the same with Python's garbage collector paused", paused, "s"))
        finding += (
            f"; looking through the new lists again and again, Python's garbage collector takes "
            f"{1 - paused.median / value.median:.0%} of the time"
        )
    return Judgement(reproduced_if(low <= value.median < high), tuple(quantities), finding)


def tolist_memory(evidence: Evidence) -> Judgement:
    """At least twice the data, at the peak."""
    listed = [
        Quantity(f"{payload}: peak ÷ payload", value, "ratio")
        for payload in ("batch-16", "image")
        if (value := estimate(find(evidence, said.PEAK, codec=said.TOLIST, payload=payload))) is not None
    ]
    resident = estimate(find(evidence, said.RESIDENT, codec=said.TOLIST, payload="batch-100"))
    if resident:
        listed.append(Quantity("batch-100: growth of resident memory ÷ payload", resident, "ratio"))
    holds = bool(listed) and all(quantity.value.low >= TOLIST_LEAST_RATIO for quantity in listed)
    return Judgement(
        reproduced_if(holds),
        tuple(listed),
        "in place of 4 bytes: 24 for a float object, 8 for the list's pointer to it, and a list object for every pixel",
    )


#: A client that takes no more than this longer has paid nothing that anyone would notice.
NOTHING = 1.05


def client_imports(evidence: Evidence) -> Judgement:
    """The mean of a JSON client's encode and decode is the same with TensorFlow imported as without."""
    times = {
        setting: find(evidence, said.TIME, codec="json", payload="image", setting=setting)
        for setting in (said.LIGHT, said.WITH_TENSORFLOW, said.FROZEN)
    }
    heavy = ratio(times[said.WITH_TENSORFLOW], times[said.LIGHT])
    frozen = ratio(times[said.FROZEN], times[said.LIGHT])
    if heavy is None or frozen is None:
        return Judgement(NOT_TESTABLE, finding="no client could be timed", needs="TensorFlow beside the JSON client")
    quantities = (
        Quantity("json image, encode + decode: TensorFlow imported ÷ not", heavy, "ratio"),
        Quantity("the same with gc.freeze() after the import", frozen, "ratio"),
    )
    if heavy.is_range:
        return Judgement(NOT_TESTABLE, quantities, "too few rounds for an interval", f"{FEWEST} rounds or more")
    back = "gives that back" if frozen.below(heavy.median) else "does not clearly give it back"
    return Judgement(
        reproduced_if(heavy.below(NOTHING)),
        quantities,
        f"a JSON client takes {heavy.median:.2f} times as long with TensorFlow imported, for the collector walks "
        f"through its objects too; gc.freeze() {back} ({frozen.median:.2f})",
    )
