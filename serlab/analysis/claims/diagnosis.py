"""Claims that something breaks: what counts is whether serlab doctor tells."""

from __future__ import annotations

from serlab.analysis.claims.arithmetic import reproduced_if
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Judgement


def detected(evidence: Evidence) -> Judgement:
    """Every case is called what it is, and a working server is called one."""
    facts = evidence.facts
    told = {name.removeprefix(said.SAID): str(fact) for name, fact in facts.items() if name.startswith(said.SAID)}
    right = bool(told) and all(fact == str(facts.get(said.EXPECTED + case, "")) for case, fact in told.items())
    return Judgement(reproduced_if(right), (), "; ".join(f"{case}: {fact}" for case, fact in told.items()))
