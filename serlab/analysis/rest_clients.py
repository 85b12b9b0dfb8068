"""The table of HTTP libraries: a client's own share is what its exchange takes beyond the lab's own client's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serlab.analysis.stats import interval_if_any, paired_ratio
from serlab.records.endtoend import RestClientRun
from serlab.records.run import Interval

OWN = "rest"


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One client's calls of a payload with a codec; ``versus_own`` is its exchange ÷ that of the lab's own client."""

    payload: str
    codec: str
    client: str
    calls: int
    exchange: Interval | None
    versus_own: Interval | None
    client_cpu_s: float | None
    error: str


def rows(runs: Sequence[RestClientRun]) -> list[ClientRow]:
    """Return a row per payload, codec and client; the fastest client of each payload and codec first."""
    found = []
    for payload, codec, client in dict.fromkeys((one.run.payload, one.run.codec, one.client) for one in runs):
        own, mine = _exchanges(runs, payload, codec, OWN), _exchanges(runs, payload, codec, client)
        measured = [one.run for one in runs if (one.run.payload, one.run.codec, one.client) == (payload, codec, client)]
        calls = sum(len(run.calls) for run in measured)
        found.append(
            ClientRow(
                payload,
                codec,
                client,
                calls,
                interval_if_any(mine.values()),
                paired_ratio(mine, own) if client != OWN else None,
                sum(run.client_cpu_s for run in measured) / calls if calls else None,
                next((run.error for run in measured if run.error), ""),
            )
        )
    return sorted(found, key=lambda row: (row.payload, row.codec, row.exchange.median if row.exchange else math.inf))


def _exchanges(runs: Sequence[RestClientRun], payload: str, codec: str, client: str) -> dict[int, float]:
    return {
        one.run.round: float(np.median([call.exchange_s for call in one.run.calls]))
        for one in runs
        if (one.run.payload, one.run.codec, one.client) == (payload, codec, client) and one.run.calls
    }
