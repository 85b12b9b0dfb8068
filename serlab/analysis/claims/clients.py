"""The claim that what a client has imported and does not use costs it nothing."""

from __future__ import annotations

from serlab.analysis.claims.arithmetic import reproduced_if
from serlab.analysis.claims.samples import find, ratio
from serlab.analysis.stats import FEWEST
from serlab.records import evidence as said
from serlab.records.claims import NOT_TESTABLE, Evidence, Judgement, Quantity

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
