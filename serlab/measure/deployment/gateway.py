"""The same calls direct and through a gateway, in interleaved rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from serlab.measure import endtoend
from serlab.measure.cases import shuffled
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.parents import Clients
from serlab.measure.target import Target
from serlab.records.deployment import GatewayReport
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import Endpoint
from serlab.records.series import joined


def measure_gateway(
    clients: Clients,
    target: Target,
    gateway: Endpoint,
    *,
    payloads: Sequence[str],
    codecs: Sequence[str],
    rounds: int = 5,
    calls_s: float = 1.0,
    seed: int,
    listener: Listener | None = None,
    keep: Callable[[GatewayReport], object] = lambda _piece: None,
) -> GatewayReport:
    """Call ``target`` and ``gateway``, which stands in front of it, with every payload × codec once per round.

    Every client is a fresh process with one call in flight; their order is shuffled within a round. A client that is
    refused has an ``error`` in its record. ``keep`` gets every client, as a report of it alone.

    Raises:
        MeasureError: a client process fails.
    """
    say = listener or Silent()
    cases = [(payload, codec, way) for payload in payloads for codec in codecs for way in ("direct", "through")]
    blank = GatewayReport(gateway.version.rpartition("through ")[2])
    pieces = [blank]

    def take(way: str, run: EndToEndRun) -> None:
        pieces.append(replace(blank, direct=(run,)) if way == "direct" else replace(blank, through=(run,)))
        keep(pieces[-1])

    for number in range(rounds):
        say.phase(f"gateway, round {number + 1}", len(cases))
        for payload, codec, way in shuffled(cases, seed, number):
            say.step(f"{payload} {codec} {way}")
            aimed = target if way == "direct" else replace(target, endpoint=gateway)
            clients.of(codec).keeping(
                partial(take, way),
                endtoend.measure,
                aimed,
                payload,
                codec,
                seed=seed,
                round_number=number,
                calls_s=calls_s,
            )
    return joined(pieces)
