"""Sends the bodies of REST codecs through the HTTP libraries that people use, beside the lab's own client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from serlab.codecs import registry
from serlab.errors import MeasureError, UnknownNameError, needs
from serlab.lab.keeping import added_to
from serlab.lab.live_target import Live
from serlab.lab.progress import ProgressShow
from serlab.measure import endtoend
from serlab.measure.cases import shuffled
from serlab.measure.plan import Plan
from serlab.measure.process.parents import Parents
from serlab.records.endtoend import REST_CLIENTS as PART
from serlab.records.endtoend import EndToEndRun, RestClientRun
from serlab.records.store import RunFolder
from serlab.transports.registry import REST_CLIENTS

#: Six is the fewest that carry a 95 % interval.
ROUNDS = 6
ALL = "all"


def checked_clients(names: Sequence[str]) -> tuple[str, ...]:
    """Return the clients to measure, the lab's own first; none for none.

    Raises:
        UnknownNameError: there is no such client.
        MissingExtraError: its library is not installed.
    """
    wanted = dict.fromkeys(name for given in names for name in (REST_CLIENTS if given == ALL else (given,)))
    for name in wanted:
        if name not in REST_CLIENTS:
            raise UnknownNameError("REST client", name, [*REST_CLIENTS, ALL])
        needs(REST_CLIENTS[name].library)
    return ("rest", *wanted) if wanted else ()


def measure_clients(folder: RunFolder, plan: Plan, live: Live, clients: Sequence[str], *, quiet: bool = False) -> None:
    """Measure every payload and REST codec with each client, in shuffled rounds, into the part ``rest_clients``."""
    codecs = [name for name in live.codecs if registry.transport_of(name) == "rest"]
    codecs = [name for name in codecs if not registry.codec_class(name).variant_of]
    steps = [(payload, codec, client) for payload in live.payloads for codec in codecs for client in clients]
    rounds = min(ROUNDS, len(plan.rounds))
    missing: list[str] = []
    keep = folder.gather(PART)

    def take(client: str, run: EndToEndRun) -> None:
        keep((RestClientRun(client, run),))

    with (
        added_to(folder),
        ProgressShow(quiet=quiet) as show,
        Parents(codecs, seed=plan.seed, number=0, client=plan.client) as parents,
    ):
        show.phase("HTTP libraries", len(steps) * rounds)
        for number in range(rounds):
            for payload, codec, client in shuffled(steps, plan.seed, number):
                show.step(f"{payload}/{codec} with {client}")
                try:
                    run = parents.of(codec).keeping(
                        partial(take, client), endtoend.measure, live.target, payload, codec, seed=plan.seed,
                        round_number=number, calls_s=plan.limits.calls_s / 2, through=client,
                    )  # fmt: skip
                    if not run.error:
                        continue
                    missing.append(f"{payload}/{codec} with {client}: {run.error}")
                except MeasureError as error:
                    missing.append(f"{payload}/{codec} with {client}: {error}")
                show.remark(missing[-1])
        folder.write_part(PART, folder.read_part(PART, tuple[RestClientRun, ...], ()))
        info = folder.read_info()
        folder.write_info(replace(info, missing=(*info.missing, *dict.fromkeys(missing))))
