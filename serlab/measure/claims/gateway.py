"""The same calls direct and through one gateway that carries both protocols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from serlab.analysis.stats import FEWEST
from serlab.errors import ServingError
from serlab.measure.claims.lab import Lab, series
from serlab.measure.deployment.gateway import measure_gateway
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.records.endtoend import EndToEndRun
from serlab.serving.gateway import find_nginx, start_gateway

#: A call that hardly costs anything itself shows the hop; an image shows the copying.
PAYLOADS = ("vector-10k", "image")
CODECS = ("wire", "orjson")
MOST_ROUNDS = FEWEST


def measure(lab: Lab) -> Evidence:
    """Start nginx in front of the instance and call the lab's echo over both protocols, in interleaved rounds."""
    try:
        find_nginx()
    except ServingError as error:
        return Evidence("gateway", missing=str(error), needs="nginx")
    target = lab.on_target(None)
    payloads = PAYLOADS if lab.effort.large else PAYLOADS[:1]
    with start_gateway(target.endpoint) as through:
        report = measure_gateway(
            lab.clients,
            target,
            through,
            payloads=payloads,
            codecs=lab.available(CODECS),
            rounds=min(lab.effort.rounds, MOST_ROUNDS),
            calls_s=lab.effort.calls_s,
            seed=lab.seed,
            keep=lab.folder.gather("claims/gateway-calls"),
        )
    lab.folder.write_part("claims/gateway-calls", report)
    ways = {said.DIRECT: report.direct, said.THROUGH_GATEWAY: report.through}
    listed = [
        series(said.LATENCY, "s", _latencies(runs, *key), payload=key[0], codec=key[1], setting=way)
        for way, runs in ways.items()
        for key in sorted({(run.payload, run.codec) for run in runs}, reverse=True)
    ]
    facts: dict[str, str | int | float | bool] = {
        said.GATEWAY_NAME: report.gateway,
        said.SAME_ANSWERS: _same(report.direct, report.through),
        "every call": "claims/gateway-calls.json",
    }
    errors = sorted({run.error for run in (*report.direct, *report.through) if run.error})
    if errors:
        facts["errors"] = "; ".join(errors)
        lab.missing += errors
    return Evidence("gateway", tuple(listed), facts)


def _latencies(runs: Iterable[EndToEndRun], payload: str, codec: str) -> dict[int, tuple[float, ...]]:
    wanted = [run for run in runs if (run.payload, run.codec) == (payload, codec)]
    return {run.round: tuple(call.total_s for call in run.calls) for run in wanted}


def _same(direct: Iterable[EndToEndRun], through: Sequence[EndToEndRun]) -> bool:
    """Whether every client, by either way, got its own tensor back as the others of its codec did."""
    told = {(run.payload, run.codec, run.round): (run.exactness, run.error) for run in direct}
    return bool(through) and all(
        not run.error
        and run.exactness is not None
        and told.get((run.payload, run.codec, run.round)) == (run.exactness, run.error)
        for run in through
    )
