"""Puts claims to the test: makes the experiments they need, keeps each one's evidence at once, judges."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from serlab.analysis.claims.catalogue import CLAIMS
from serlab.analysis.claims.judge import judge
from serlab.errors import SerlabError, UnknownNameError
from serlab.measure.claims.experiments import EXPERIMENTS
from serlab.measure.claims.lab import Experiment, Lab
from serlab.records.claims import PART, ClaimResult, ClaimsReport, Evidence
from serlab.records.store import now
from serlab.servable.batched import BATCHED_MODEL
from serlab.servable.mlp import MLPS
from serlab.servable.resnet50 import RESNET50
from serlab.servable.signatures import ECHO_MODEL

#: Every codec that an experiment may use.
CODECS = ("json", "json-orjson-list", "orjson", "json-simdjson", "base64", "tensor-proto", "tensor-proto-values",
          "wire", "raw", "json-chunked")  # fmt: skip
#: Payloads that real models are called with.
PAYLOADS = ("image", *MLPS)


def select(only: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the claims to test, in the catalogue's order; all of them where ``only`` is empty.

    Raises:
        UnknownNameError: no such claim.
    """
    wanted = tuple(only)
    for claim in wanted:
        if claim not in CLAIMS:
            raise UnknownNameError("claim", claim, CLAIMS)
    return tuple(claim for claim in CLAIMS if not wanted or claim in wanted)


def experiments_for(claims: Iterable[str]) -> list[Experiment]:
    """Return the experiments that the claims need, in the order in which they are made."""
    wanted = set(claims)
    return [experiment for experiment in EXPERIMENTS if wanted & set(experiment.claims)]


def models_for(claims: Iterable[str]) -> set[str]:
    """Return the models that the claims' experiments call."""
    return {model for experiment in experiments_for(claims) for model in experiment.models}


#: Every model that some experiment calls.
ALL_MODELS = (ECHO_MODEL, *(classifier.model for classifier in MLPS.values()), BATCHED_MODEL, RESNET50.model)


def put_to_the_test(lab: Lab, claims: Iterable[str], *, quick: bool = False) -> ClaimsReport:
    """Make the experiments and return the verdicts; ``claims.json`` is written after each one.

    An experiment that fails leaves its claims not testable here, with the reason; the others go on.
    """
    wanted = tuple(claims)
    begin, started = time.monotonic(), now()
    endpoint = lab.target.endpoint if lab.target else None
    instance = {"kind": endpoint.kind, "version": endpoint.version} if endpoint else {}
    results: dict[str, ClaimResult] = {}
    report = ClaimsReport(started, (), instance, quick)
    chosen = experiments_for(wanted)
    lab.say.phase("claims", len(chosen))
    for experiment in chosen:
        lab.say.step(experiment.name)
        evidence = _make(experiment, lab)
        file = lab.folder.write_part(f"claims/{experiment.name}", evidence)
        relative = str(file.relative_to(lab.folder.path))
        claims_of = [claim for claim in experiment.claims if claim in wanted]
        kind = endpoint.kind if endpoint else ""
        results.update({claim: judge(claim, evidence, relative, kind) for claim in claims_of})
        ordered = tuple(results[claim] for claim in wanted if claim in results)
        missing = tuple(dict.fromkeys(lab.missing))
        report = replace(report, results=ordered, seconds=time.monotonic() - begin, missing=missing)
        lab.folder.write_part(PART, report)
    return report


def _make(experiment: Experiment, lab: Lab) -> Evidence:
    obstacle = experiment.obstacle(lab)
    if obstacle:
        return obstacle
    begin = time.monotonic()
    try:
        evidence = experiment.run(lab)
    except SerlabError as error:
        lab.missing.append(f"{experiment.name}: {error}")
        lab.say.remark(lab.missing[-1])
        evidence = Evidence(experiment.name, missing=str(error), needs="an experiment that succeeds: see the reason")
    return replace(evidence, seconds=time.monotonic() - begin)
