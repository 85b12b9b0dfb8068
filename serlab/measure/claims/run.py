"""Puts claims to the test: makes the experiments they need, keeps each one's evidence at once, judges."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from serlab.analysis.claims.catalogue import CLAIMS
from serlab.analysis.claims.judge import judge
from serlab.errors import SerlabError, UnknownNameError, UsageError
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

    An experiment that fails leaves its claims not testable here, with the reason; the others go on. What the run holds
    whole already is not measured again: so one that was interrupted, or had failures, is gone on with.

    Raises:
        UsageError: the run was begun on another instance, or with another effort.
    """
    wanted = tuple(claims)
    begin = time.monotonic()
    endpoint = lab.target.endpoint if lab.target else None
    instance = {"kind": endpoint.kind, "version": endpoint.version} if endpoint else {}
    before = lab.folder.read_part(PART, ClaimsReport, ClaimsReport(now(), (), instance, quick))
    if (before.instance, before.quick) != (instance, quick):
        raise UsageError(f"{lab.folder.name} was begun {_surroundings(before)}: go on with it so, or start a new run")
    results: dict[str, ClaimResult] = {result.claim.id: result for result in before.results}
    failed = {experiment.name: [words for words in before.missing if words.startswith(f"{experiment.name}: ")]
              for experiment in EXPERIMENTS}  # fmt: skip
    lab.called = {(run.payload, run.codec, run.round): run for run in lab.folder.read_endtoend()
                  if run.calls and not run.error}  # fmt: skip
    report = before
    chosen = experiments_for(wanted)
    lab.say.phase("claims", len(chosen))
    for experiment in chosen:
        lab.say.step(experiment.name)
        kept = lab.folder.read_part(f"claims/{experiment.name}", Evidence, Evidence(""))
        if kept.experiment and not kept.missing and not failed[experiment.name]:
            continue
        failed[experiment.name] = []
        evidence = _make(experiment, lab)
        file = lab.folder.write_part(f"claims/{experiment.name}", evidence)
        relative = str(file.relative_to(lab.folder.path))
        claims_of = [claim for claim in experiment.claims if claim in wanted]
        kind = endpoint.kind if endpoint else ""
        results.update({claim: judge(claim, evidence, relative, kind) for claim in claims_of})
        ordered = tuple(results[claim] for claim in CLAIMS if claim in results)
        missing = tuple(dict.fromkeys((*chain.from_iterable(failed.values()), *lab.missing)))
        spent = before.seconds + time.monotonic() - begin
        report = replace(report, results=ordered, seconds=spent, missing=missing)
        lab.folder.write_part(PART, report)
    return report


def _make(experiment: Experiment, lab: Lab) -> Evidence:
    obstacle = experiment.obstacle(lab)
    if obstacle:
        return obstacle
    begin, known = time.monotonic(), len(lab.missing)
    try:
        evidence = experiment.run(lab)
    except SerlabError as error:
        lab.missing.append(str(error))
        lab.say.remark(f"{experiment.name}: {error}")
        evidence = Evidence(experiment.name, missing=str(error), needs="an experiment that succeeds: see the reason")
    lab.missing[known:] = [f"{experiment.name}: {words}" for words in lab.missing[known:]]
    return replace(evidence, seconds=time.monotonic() - begin)


def _surroundings(report: ClaimsReport) -> str:
    where = f"on {' '.join(map(str, report.instance.values()))}" if report.instance else "with --offline"
    return f"{where}, {'with' if report.quick else 'without'} --quick"
