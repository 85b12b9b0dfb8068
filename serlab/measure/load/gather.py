"""From the outcomes of all generators to what a step's record says: pure functions over arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.load import histogram
from serlab.analysis.load.summary import STABLE_WINDOWS, stable
from serlab.measure.load.outcome import COLUMNS, LATE_S, Batch, Failure, unanswered
from serlab.records.load import LoadStep, LoadWindow, Outage

#: A shorter time without an answer is not told apart from a few failures in a row.
MIN_OUTAGE_S = 0.2


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Everything that the generators of a step reported: a row of ``COLUMNS`` per answered call, and the failures."""

    table: NDArray[np.float64]
    failures: tuple[Failure, ...]

    @classmethod
    def of(cls, batches: Sequence[Batch]) -> Outcomes:
        """Put batches together, whichever generator they are from."""
        tables = [batch.table() for batch in batches]
        table = np.concatenate(tables) if tables else np.empty((0, len(COLUMNS)))
        return cls(table, tuple(failure for batch in batches for failure in batch.failures))

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one column of the answered calls."""
        return self.table[:, COLUMNS.index(name)]

    def due_within(self, start: float, end: float) -> Outcomes:
        """Return the answered calls that were due from ``start`` to ``end``, and no failures."""
        due = self.column("due")
        return Outcomes(self.table[(due >= start) & (due < end)], ())

    def after(self, start: float, end: float) -> Outcomes:
        """Return the calls that ended after ``start`` and were due by ``end``, failures included."""
        kept = self.table[(self.column("ended") >= start) & (self.column("due") < end)]
        return Outcomes(kept, tuple(entry for entry in self.failures if entry.ended >= start and entry.due < end))

    def latencies(self) -> NDArray[np.float64]:
        """Return the seconds from when each call was due to its answer."""
        latencies: NDArray[np.float64] = self.column("ended") - self.column("due")
        return latencies

    def mean(self, name: str) -> float | None:
        """Return the mean of a column, None without calls."""
        column = self.column(name)
        return float(column.mean()) if len(column) else None


def cut_windows(outcomes: Outcomes, start: float, window_s: float, count: int) -> tuple[LoadWindow, ...]:
    """Return ``count`` windows from ``start`` on; a call belongs to the window in which it ended."""
    edges = start + window_s * np.arange(count + 1)
    ended, latencies = outcomes.column("ended"), outcomes.latencies()
    calls, _ = np.histogram(ended, edges)
    total, _ = np.histogram(ended, edges, weights=latencies)
    errors, _ = np.histogram([entry.ended for entry in outcomes.failures], edges)
    return tuple(
        LoadWindow(
            start_s=number * window_s,
            duration_s=window_s,
            calls=int(calls[number]),
            errors=int(errors[number]),
            mean_s=float(total[number] / calls[number]) if calls[number] else None,
        )
        for number in range(count)
    )


def count_errors(failures: Sequence[Failure]) -> tuple[dict[str, int], dict[str, str]]:
    """Return the failures by code, and the first message of each code."""
    messages: dict[str, str] = {}
    for failure in failures:
        messages.setdefault(failure.code, failure.message)
    return dict(Counter(failure.code for failure in failures).most_common()), messages


def late_calls(outcomes: Outcomes) -> tuple[int, int]:
    """Return how many calls left late, and how many of those because no connection was free."""
    failures = np.array([(entry.sent - entry.due, entry.starved) for entry in outcomes.failures]).reshape(-1, 2)
    lag = np.concatenate([outcomes.column("sent") - outcomes.column("due"), failures[:, 0]])
    starved = np.concatenate([outcomes.column("starved"), failures[:, 1]])
    late = lag > LATE_S
    return int(late.sum()), int((late & (starved > 0)).sum())


def find_outages(outcomes: Outcomes, start: float) -> tuple[Outage, ...]:
    """Return the times in which calls went unanswered, none succeeded, and that lasted at least ``MIN_OUTAGE_S``.

    Only failures without any answer count (``UNAVAILABLE``, ``REFUSED``, ``TIMEOUT``, …): a server that answers with
    errors is there.
    """
    silent = sorted(entry.ended for entry in outcomes.failures if unanswered(entry.code))
    answered = np.sort(outcomes.column("ended"))
    found: list[Outage] = []
    position = 0
    while position < len(silent):
        first = silent[position]
        following = answered[np.searchsorted(answered, first) :]
        recovered = float(following[0]) if len(following) else None
        size = int(np.searchsorted(silent, recovered)) - position if recovered is not None else len(silent) - position
        lasted_s = (silent[position + size - 1] if recovered is None else recovered) - first
        if size > 1 and lasted_s >= MIN_OUTAGE_S:
            found.append(Outage(first - start, size, None if recovered is None else lasted_s))
        position += max(1, size)
    return tuple(found)


def filled(blank: LoadStep, outcomes: Outcomes, start: float, window_s: float, count: int) -> LoadStep:
    """Return the record of a step that began to count at ``start`` and took ``count`` windows."""
    end = start + count * window_s
    windows = cut_windows(outcomes, start, window_s, count)
    steady = stable(windows)
    measured = windows[-STABLE_WINDOWS:] if steady else windows
    measured_s = len(measured) * window_s
    counted, everything = outcomes.due_within(end - measured_s, end), outcomes.after(start, end)
    errors, messages = count_errors(everything.failures)
    late, starved = late_calls(everything) if blank.spec.loop == "open" else (0, 0)
    latencies, staged = counted.latencies(), not blank.spec.pre_encoded
    return replace(
        blank,
        calls=len(latencies),
        attempts=len(everything.table) + len(everything.failures),
        errors=errors,
        throughput_per_s=sum(window.calls for window in measured) / measured_s if measured else 0.0,
        measured_s=measured_s,
        stable=steady,
        histogram=histogram.encode(latencies),
        mean_s=float(latencies.mean()) if len(latencies) else None,
        max_s=float(latencies.max()) if len(latencies) else None,
        encode_s=counted.mean("encode") if staged else None,
        exchange_s=counted.mean("exchange") if staged else None,
        decode_s=counted.mean("decode") if staged else None,
        late=late,
        starved=starved,
        windows=windows,
        outages=find_outages(everything, start),
        messages=messages,
    )
