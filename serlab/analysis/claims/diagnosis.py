"""Claims that something breaks: what counts is whether serlab doctor tells."""

from __future__ import annotations

from collections.abc import Mapping

from serlab.analysis.claims.arithmetic import reproduced_if
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Judgement


def proto_compat(evidence: Evidence) -> Judgement:
    """Fields that the client does not know are reported, and none where there are none."""
    return _detected(evidence)


def http2_blocked(evidence: Evidence) -> Judgement:
    """A refused preface and a refused connection are told apart, and a working server from both."""
    return _detected(evidence)


def _detected(evidence: Evidence) -> Judgement:
    cases = [name.removeprefix(said.SAID) for name in evidence.facts if name.startswith(said.SAID)]
    right = [
        case for case in cases if _fact(evidence.facts, said.SAID, case) == _fact(evidence.facts, said.EXPECTED, case)
    ]
    told = "; ".join(f"{case}: {_fact(evidence.facts, said.SAID, case)}" for case in cases)
    return Judgement(reproduced_if(bool(cases) and right == cases), (), told)


def _fact(facts: Mapping[str, str | int | float | bool], prefix: str, case: str) -> str:
    return str(facts.get(prefix + case, ""))
