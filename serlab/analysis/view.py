"""A run arranged by case: per-process times, gates and memory, ready to be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean, median

from serlab.analysis.in_call import judge
from serlab.analysis.stats import interval_if_any, midmean, paired_ratio
from serlab.records.correlation import InCall
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import OPS, Case, Exactness, Form, Gate, Interval, MemoryProfile, Run
from serlab.records.run_data import RunData

#: The codec that every other is measured against: one copy of the buffer.
FLOOR = "raw"
#: The codec people start from: what savings are told against where nobody says what is used now.
USUAL = "json"


@dataclass(frozen=True)
class RunView:
    """Looks up what a run says about a case. Everything is derived; nothing is measured or changed.

    ``now`` is the codec that its reader uses now, "" for what the run's plan names.
    """

    data: RunData
    now: str = ""

    @cached_property
    def case_times(self) -> dict[Case, dict[int, float]]:
        """Undisturbed seconds per call by round, for comparing: each process's fastest chunk, the median of a round's.

        Interference only ever adds time, so the fastest of many short chunks hardly depends on what else was running.
        """
        return self._by_round(min)

    @cached_property
    def mean_times(self) -> dict[Case, dict[int, float]]:
        """Mean seconds per call by round, for totals: it counts the garbage collector's passes, as in a client."""
        return self._by_round(fmean)

    @cached_property
    def apart_times(self) -> dict[Case, dict[int, float]]:
        """Seconds per call by round where calls without a server were timed: what a client finds between two steps."""
        return self._by_round(midmean, [replace(run, values_s=(run.apart_s,)) for run in self.data.runs if run.apart_s])

    @cached_property
    def stage_times(self) -> dict[Case, float]:
        """Seconds that a step takes within calls: each client's middle mean, and the mean of the clients."""
        found: dict[Case, list[float]] = defaultdict(list)
        for run in self.data.endtoend:
            if run.calls:
                encode, decode = (Case(run.payload, run.codec, op) for op in OPS)
                found[encode].append(midmean(call.encode_s for call in run.calls))
                found[replace(decode, form=run.form)].append(midmean(call.decode_s for call in run.calls))
        return {case: fmean(values) for case, values in found.items()}

    @cached_property
    def in_call(self) -> tuple[InCall, ...]:
        """How the modes of timing in isolation agree with this run's calls, the closest first."""
        return judge({"apart": self.apart_times, "tight": self.mean_times}, self.stage_times)

    @cached_property
    def in_call_times(self) -> dict[Case, dict[int, float]]:
        """What a step should take within a call, by round: in the mode that agrees best with this run's calls."""
        return self.mean_times if self.in_call[0].mode == "tight" else {**self.mean_times, **self.apart_times}

    def _by_round(
        self, statistic: Callable[[Sequence[float]], float], runs: Sequence[Run] | None = None
    ) -> dict[Case, dict[int, float]]:
        processes: dict[Case, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for run in self.data.runs if runs is None else runs:
            processes[run.case][run.round].append(statistic(run.values_s))
        return {
            case: {number: median(values) for number, values in rounds.items()} for case, rounds in processes.items()
        }

    @cached_property
    def gates(self) -> dict[tuple[str, str], Gate]:
        """Gate of each payload × codec."""
        return {(gate.payload, gate.codec): gate for gate in self.data.info.gates}

    @cached_property
    def memory(self) -> dict[Case, MemoryProfile]:
        """Memory profile of each case."""
        return {profile.case: profile for profile in self.data.memory}

    @cached_property
    def clients(self) -> dict[tuple[str, str], list[EndToEndRun]]:
        """End-to-end clients of each payload × codec in the order of tables, those of one in the order of rounds."""
        found: dict[tuple[str, str], list[EndToEndRun]] = defaultdict(list)
        for run in sorted(self.data.endtoend, key=lambda run: (*self._rank(run.payload, run.codec), run.round)):
            found[run.payload, run.codec].append(run)
        return dict(found)

    @cached_property
    def raw_bytes(self) -> dict[str, int]:
        """Size of each payload's buffer."""
        return {payload.name: payload.raw_bytes for payload in self.data.info.payloads}

    @cached_property
    def live_form(self) -> Form:
        """The form in which the live instance answered gRPC calls: ``values``, as a stock server does, until told."""
        return next((run.form for run in self.data.endtoend if run.form), "values")

    @cached_property
    def measured(self) -> tuple[str, ...]:
        """Codecs that the answer weighs, in the order of tables: those that made calls, else those that were timed."""
        if self.clients:
            seen = {codec for (_, codec), clients in self.clients.items() if any(run.calls for run in clients)}
        else:
            seen = {case.codec for case in self.case_times} - {FLOOR}
        return tuple(codec for codec in self.data.info.codecs if codec in seen)

    @cached_property
    def baseline(self) -> str:
        """The codec that everything is told against, always one that was measured; "" where none was.

        What is used now, as far as anybody said; else json; else the first that was measured.
        """
        wanted = (self.now, str(self.data.info.plan.get("now") or ""), USUAL)
        return next((codec for codec in (*wanted, *self.measured) if codec in self.measured), "")

    def mean(self, case: Case) -> Interval | None:
        """Mean seconds per call of a case, the collector's passes and all disturbances included."""
        return interval_if_any(self.mean_times.get(case, {}).values())

    def time(self, case: Case) -> Interval | None:
        """Undisturbed seconds per call of a case, None where it was not timed."""
        return interval_if_any(self.case_times.get(case, {}).values())

    def ratio_to_raw(self, case: Case) -> Interval | None:
        """How many times the floor's time a case takes, paired by round."""
        return self.ratio(case, Case(case.payload, FLOOR, case.op))

    def ratio(self, case: Case, base: Case) -> Interval | None:
        """Time of ``case`` ÷ time of ``base``, paired by round; None where they share no round."""
        return paired_ratio(self.case_times.get(case, {}), self.case_times.get(base, {}))

    def body_bytes(self, case: Case) -> int | None:
        """Size of the body that a case writes or reads, None where the gate failed before there was one."""
        gate = self.gates.get((case.payload, case.codec))
        if gate is None:
            return None
        if case.op == "encode":
            return gate.request_bytes or None
        return gate.response_bytes.get(case.form or "body")

    def exactness(self, payload: str, codec: str) -> Exactness | None:
        """What the round trip does to the payload's values."""
        gate = self.gates.get((payload, codec))
        return gate.exactness if gate else None

    @property
    def calls_a_model(self) -> bool:
        """Whether calls go to a model that answers something else than it is sent: not to the lab's echo."""
        return bool(self.data.info.instance.get("call"))

    def answered(self, payload: str, codec: str) -> Exactness | None:
        """What became of the values of a live answer; None where no live answer was compared.

        An echo's answer is compared with what it was sent, another model's with what other codecs read of it.
        """
        seen = next((run.exactness for run in self.clients.get((payload, codec), ()) if run.exactness), None)
        if seen or not self.calls_a_model:
            return seen
        offline = self.exactness(payload, codec)
        if offline and not offline.exact:
            return offline
        answers = [answer for answer in self.data.answers if answer.payload == payload and answer.exactness]
        found = next((answer.exactness for answer in answers if answer.codec == codec), None)
        # The one that others were compared with has been compared with them.
        same = (answer.exactness for answer in answers if answer.compared_with == codec)
        return found or next((one for one in same if one and one.exact), None)

    def cases(self) -> list[Case]:
        """Every case that was measured in any way or failed its gate, ordered by payload, codec, op and form."""
        known = self.case_times.keys() | self.memory.keys()
        failed = {
            Case(payload, codec, op) for (payload, codec), gate in self.gates.items() if gate.exactness.failure
            for op in OPS
        }  # fmt: skip

        def rank(case: Case) -> tuple[int, int, int, str]:
            return (*self._rank(case.payload, case.codec), OPS.index(case.op), case.form or "")

        return sorted(known | failed, key=rank)

    def _rank(self, payload: str, codec: str) -> tuple[int, int]:
        payloads = [entry.name for entry in self.data.info.payloads]
        return (_index(payloads, payload), _index(list(self.data.info.codecs), codec))


def _index(names: list[str], name: str) -> int:
    return names.index(name) if name in names else len(names)
