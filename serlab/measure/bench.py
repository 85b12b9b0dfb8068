"""A whole run: the correctness gate, memory, then interleaved rounds of timing and calls until the budget is spent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from itertools import count, product

from serlab.analysis.correlate import correlate
from serlab.analysis.stats import FEWEST
from serlab.analysis.view import FLOOR, RunView
from serlab.analysis.words import counted
from serlab.errors import MeasureError
from serlab.measure.allocation import Allocation
from serlab.measure.answers import record_answers
from serlab.measure.calls import Subject, subject_of_run
from serlab.measure.cases import shuffled, time_cases
from serlab.measure.gate import cannot_carry, check, crashed
from serlab.measure.memory.phase import profile_cases
from serlab.measure.plan import Plan
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.machine import load_average
from serlab.measure.process.parents import Parents
from serlab.measure.process.side_by_side import side_by_side
from serlab.measure.process.workers import Workers
from serlab.measure.rounds import Calling, labels, refusals, without_calls
from serlab.measure.target import Target
from serlab.measure.timing import Timing
from serlab.records.run import Case, Gate, MemoryProfile, RunInfo
from serlab.records.store import RunFolder, now

Step = Case | tuple[str, str]


class Bench:
    """Runs a plan into a folder. Whatever was measured before an error or an interruption is in the folder."""

    def __init__(
        self, folder: RunFolder, plan: Plan, target: Target | None = None, listener: Listener | None = None
    ) -> None:
        self._folder, self._plan, self._target = folder, plan, target
        self._say = listener or Silent()
        self._began = time.monotonic()
        self._spent_before_s = folder.read_info().wall_s
        self._failed: dict[Step, str] = {}
        self._subjects: dict[str, Subject] = {}

    def run(self) -> RunInfo:
        """Measure what is still missing and return the run's final description.

        Raises:
            MeasureError: the workers cannot be started. A single case that fails does not end the run; it is in
                ``missing``.
        """
        calling: Calling | None = None
        try:
            with self._parents(0) as parents:
                self._record_answers(parents)
                gates = self._gate(parents)
                sound = {(gate.payload, gate.codec) for gate in gates if not gate.exactness.failure}
                if "memory" in self._plan.parts:
                    self._memory(parents, sound)
                if self._target and "endtoend" in self._plan.parts:
                    calling = Calling(self._folder, self._plan, self._target)
                self._rounds(parents, calling, sound)
        except BaseException:
            self._close(calling, finished=False)
            raise
        return self._close(calling, finished=True)

    def _parents(self, number: int) -> Parents:
        return Parents(self._plan.codecs, seed=self._plan.seed, number=number, client=self._plan.client)

    def _subject(self, payload: str) -> Subject:
        if payload not in self._subjects:
            self._subjects[payload] = subject_of_run(self._folder, payload)
        return self._subjects[payload]

    def _record_answers(self, parents: Parents) -> None:
        """Of a model that is not the lab's own, ask for the answers that decode is measured on."""
        target = self._target
        if not target or not target.call:
            return
        for payload in self._plan.payloads:
            callers = target.callers(self._plan.codecs)
            self._begin("answers", len(callers))
            expect = self._plan.expect
            answers, target = record_answers(parents, self._folder, target, payload, callers, self._plan.seed, expect)
            for answer in answers:
                if expect and answer.exactness and not answer.exactness.exact:
                    self._say.remark(f"{payload}: {answer.codec} reads another answer than {expect}")
                if answer.failure:
                    self._fail((payload, answer.codec), f"calls/{payload}/{answer.codec}: {answer.failure}")
        assert target.call
        self._target = target
        info = self._folder.read_info()
        self._folder.write_info(replace(info, instance={**info.instance, "call": asdict(target.call)}))

    def _gate(self, parents: Parents) -> tuple[Gate, ...]:
        done = {(gate.payload, gate.codec): gate for gate in self._folder.read_info().gates}
        wanted = list(product((*self._plan.payloads, *self._plan.memory_only), self._plan.codecs))
        missing = [key for key in wanted if key not in done]
        if missing:
            self._begin("correctness", len(missing))
        subjects = {payload: self._subject(payload) for payload, _ in missing}

        def checked(workers: Workers, key: tuple[str, str]) -> Gate:
            return workers.call(check, subjects[key[0]], key[1])

        def take(key: tuple[str, str], found: Gate | MeasureError) -> None:
            payload, codec = key
            self._say.step(f"{payload}/{codec}")
            if isinstance(found, Gate):
                done[key] = found
            else:
                done[key] = crashed(payload, codec, self._plan.seed, str(found))
                self._failed["correctness", f"{payload}/{codec}"] = f"correctness of {payload}/{codec}: {found}"

        try:
            side_by_side(parents, missing, lambda key: key[1], checked, take)
        finally:
            gates = tuple(done[key] for key in wanted if key in done)
            self._folder.write_info(replace(self._folder.read_info(), gates=gates))
        for gate in gates:
            if gate.exactness.failure:
                self._say.remark(cannot_carry(gate))
        return gates

    def _memory(self, parents: Parents, sound: set[tuple[str, str]]) -> None:
        done = {profile.case for profile in self._folder.read_memory()}
        payloads = (*self._plan.payloads, *self._plan.memory_only)
        missing = [case for case in self._sound_cases(payloads, sound) if case not in done]
        if missing:
            self._begin("memory", len(missing))
        subjects = {case.payload: self._subject(case.payload) for case in missing}

        def take(case: Case, found: MemoryProfile | MeasureError) -> None:
            self._say.step(case.id)
            if isinstance(found, MemoryProfile):
                self._folder.add_memory(found)
            else:
                self._fail(case, f"memory of {case.id}: {found}")

        profile_cases(parents, self._folder, missing, subjects, self._plan.wants_flamegraph, take)

    def _rounds(self, prepared: Parents, calling: Calling | None, sound: set[tuple[str, str]]) -> None:
        if not (steps := self._steps(sound)):
            return
        self._timing, self._calling = Timing(self._folder, self._plan.limits), calling
        self._allocation = Allocation(self._plan.difference, self._folder.read_runs())
        longest_s = 0.0
        for number in self._plan.rounds:
            todo = [step for step in shuffled(steps, self._plan.seed, number) if self._is_due(step, number)]
            if not todo:
                continue
            if number >= self._plan.min_rounds and self._spent_s() + longest_s > self._plan.budget:
                break
            end = time.monotonic() + self._share_of_budget(number, longest_s)
            with nullcontext(prepared) if number == 0 else self._parents(number) as parents:
                begin = time.monotonic()
                self._begin(f"round {number + 1}", len(todo), number, longest_s)
                for step in todo:
                    self._say.step(labels(step))
                    self._take(step, number, parents)
                longest_s = max(longest_s, time.monotonic() - begin)
                self._more_processes(steps, number, parents, end)
            self._folder.write_info(replace(self._folder.read_info(), rounds=number + 1))
            if self._plan.resolve is not None and number + 1 >= FEWEST and not self._unresolved(steps):
                break
        if self._plan.resolve is not None:
            self._tell_what_it_took(steps)

    def _begin(self, title: str, steps: int | None, number: int = -1, round_s: float = 0.0) -> None:
        """Tell of a phase, what comes after it, and when all will be over: the budget, or the rounds that must be.

        ``number`` is the round that it belongs to, and ``round_s`` what a round takes, as far as they are known.
        """
        rounds = self._plan.planned_rounds - number - 1
        after = "memory, " if number < 0 and title != "memory" and "memory" in self._plan.parts else ""
        self._say.phase(title, steps)
        self._say.outlook(
            max(self._plan.budget - self._spent_s(), round_s * (self._plan.min_rounds - number), 0.0),
            f"{after}{counted(rounds, 'more round' if number >= 0 else 'round')}" if rounds > 0 else "",
        )

    def _share_of_budget(self, number: int, longest_s: float) -> float:
        left = max(0.0, self._plan.budget - self._spent_s())
        rounds = self._plan.planned_rounds - number
        if number >= self._plan.min_rounds and longest_s:
            # What would be too short for another round is worth more processes in this one.
            rounds = min(rounds, int(left / longest_s))
        return left / max(1, rounds)

    def _more_processes(self, steps: Sequence[Step], number: int, parents: Parents, end: float) -> None:
        """Spend what is left of a round on the cases that another process narrows, until ``end``."""
        cases = [step for step in steps if isinstance(step, Case)]
        # Nobody's processes, nor the making of what they need, eat what narrows twice as many others.
        fair_s, spent_s = 2 * (end - time.monotonic()) / max(1, len(cases)), dict.fromkeys(cases, 0.0)
        for turn in count(1):
            wanting = [
                case
                for case in cases
                if case not in self._failed and spent_s[case] < fair_s and self._allocation.wants_more(case, number)
            ]
            if not wanting or time.monotonic() >= end:
                return
            if turn == 1:
                self._begin(f"round {number + 1}, more processes", None, number)
            for case in shuffled(wanting, self._plan.seed, 1000 * turn + number):
                if (begin := time.monotonic()) < end:
                    self._say.step(case.id)
                    self._take(case, number, parents)
                    spent_s[case] += time.monotonic() - begin

    def _unresolved(self, steps: Sequence[Step]) -> list[Case]:
        cases = [step for step in steps if isinstance(step, Case) and step not in self._failed]
        return self._allocation.unresolved(cases, {case: Case(case.payload, FLOOR, case.op) for case in cases})

    def _tell_what_it_took(self, steps: Sequence[Step]) -> None:
        rounds, open_cases = self._folder.read_info().rounds, self._unresolved(steps)
        wanted, took = f"{100 * self._plan.difference:.3g} %", f"{counted(rounds, 'round')} and {self._spent_s():.0f} s"
        if not open_cases:
            self._say.remark(f"every case tells a difference of {wanted} from none; it took {took}")
            return
        unable = f"{counted(len(open_cases), 'case')} cannot tell a difference of {wanted} after {took}"
        self._failed["", "resolve"] = told = f"{unable}, as {open_cases[0].id}"
        self._say.remark(told)

    def _is_due(self, step: Step, number: int) -> bool:
        if isinstance(step, Case):
            return self._allocation.is_due(step, number)
        return self._calling is not None and self._calling.is_due(*step, number)

    def _steps(self, sound: set[tuple[str, str]]) -> Sequence[Step]:
        steps: list[Step] = []
        if "time" in self._plan.parts:
            steps += self._sound_cases(self._plan.payloads, sound)
        if "endtoend" in self._plan.parts and self._target:
            # A codec that fails its gate is sent all the same: the server's word on it is a finding.
            callers = self._target.callers(self._plan.codecs)
            steps += [(payload, codec) for payload in self._plan.payloads for codec in callers]
        return steps

    def _sound_cases(self, payloads: Sequence[str], sound: set[tuple[str, str]]) -> list[Case]:
        return [case for case in time_cases(payloads, self._plan.codecs) if (case.payload, case.codec) in sound]

    def _take(self, step: Step, number: int, parents: Parents) -> None:
        if step in self._failed:
            return
        calling = self._calling
        try:
            if isinstance(step, Case):
                workers, client = parents.of(step.codec), parents.kind(step.codec)
                self._allocation.add(self._timing.run(workers, step, self._subject(step.payload), number, client))
            elif calling:
                calling.run(parents.of(step[1]), *step, number)
        except MeasureError as error:
            self._fail(step, f"{labels(step)}: {error}")
        if calling and calling.gone and not self._failed.get(("", "server")):
            self._failed["", "server"] = calling.gone
            self._say.remark(f"the server is gone ({calling.gone}); going on without end-to-end calls")

    def _fail(self, step: Step, text: str) -> None:
        self._failed[step] = text
        self._say.remark(text)

    def _close(self, calling: Calling | None, *, finished: bool) -> RunInfo:
        """Write what the run came to; also on the way out of an interruption."""
        self._folder.write_suites()
        data = self._folder.read()
        calls_s = sum(call.total_s for run in data.endtoend for call in (*run.warmups, *run.calls))
        missing = [f"codec {codec} is left out: {reason}" for codec, reason in self._plan.left_out.items()]
        missing += [text for step, text in self._failed.items() if step != ("", "server")]
        missing += [
            cannot_carry(gate) for gate in data.info.gates
            if gate.exactness.failure and ("correctness", f"{gate.payload}/{gate.codec}") not in self._failed
        ]  # fmt: skip
        missing += [
            f"calls/{step[0]}/{step[1]}: {words}"
            for step, words in refusals(data.endtoend).items() if step not in self._failed
        ]  # fmt: skip
        lacking = calling.lacking(data.info.rounds) if calling else []
        if calling and calling.gone:
            lacking += without_calls(self._plan, self._target, data.endtoend)
        info = replace(
            self._folder.read_info(),
            # What another try may bring is for --resume to find.
            finished=now() if finished and not lacking else "",
            load_after=load_average(),
            wall_s=self._spent_s(),
            timed_s=sum(run.timed_s for run in data.runs) + calls_s,
            missing=(*missing, *lacking),
        )
        self._folder.write_info(info)
        if finished:
            self._folder.write_part("correlation", correlate(RunView(data)))
        return info

    def _spent_s(self) -> float:
        return self._spent_before_s + time.monotonic() - self._began
