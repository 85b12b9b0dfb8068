"""What ``serlab load`` does between its options and its tables: start a server, put it under load, keep and show."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serlab.analysis.load.view import LoadView
from serlab.lab.experiment import finish, open_folder
from serlab.lab.keeping import Keeping
from serlab.lab.live_target import Live, open_live
from serlab.lab.progress import ProgressShow
from serlab.measure.load.sweep import sweep
from serlab.measure.process.workers import Workers
from serlab.records.load import LoadReport, LoadStep, StepLimits, StepSpec
from serlab.records.store import RunFolder
from serlab.serving.base import ServingOptions

#: The part of a run that this command writes: ``load.json``.
PART = "load"

Steps = Callable[[tuple[str, ...], tuple[str, ...]], list[StepSpec]]


@dataclass(frozen=True, slots=True)
class Session:
    """One invocation of the command."""

    serving: ServingOptions
    keep: Keeping
    limits: StepLimits
    rounds: int
    locust_workers: int

    def run(self, payloads: Sequence[str], codecs: Sequence[str], steps: Steps) -> tuple[RunFolder, LoadReport]:
        """Measure what the instance takes of the payloads and codecs; every step is kept when it ends."""
        with open_live(self.serving, payloads, codecs, self.keep.seed) as live:
            folder = open_folder(PART, self.keep, live.payloads, live.codecs)

            def keep(done: Sequence[LoadStep]) -> None:
                folder.write_part(PART, LoadReport(tuple(done), live.instance))

            with ProgressShow(quiet=self.keep.quiet) as show:
                wanted = steps(live.payloads, live.codecs)
                done = self._measure(live, wanted, show, keep)
            report = LoadReport(done, live.instance)
            folder.write_part(PART, report)
            failures = [f"{step.spec.id}: {step.failure}" for step in done if step.failure]
            finish(folder, PART, live.instance, failures, rounds=self.rounds)
        return folder, report

    def _measure(
        self, live: Live, wanted: Sequence[StepSpec], show: ProgressShow, keep: Callable[[Sequence[LoadStep]], None]
    ) -> tuple[LoadStep, ...]:
        if self.locust_workers:
            from serlab.measure.load.locust.run import sweep_with_locust

            return sweep_with_locust(
                live.target, wanted, self.locust_workers,
                limits=self.limits, rounds=self.rounds, seed=self.keep.seed, listener=show, keep=keep,
            )  # fmt: skip
        with Workers(live.codecs) as workers:
            return sweep(
                workers, live.target, wanted,
                limits=self.limits, rounds=self.rounds, seed=self.keep.seed, listener=show, keep=keep,
            )  # fmt: skip


def show_load(report: LoadReport, folder: RunFolder, *, as_json: bool) -> None:
    """Print what a load run found to standard output, and where it lies to standard error."""
    from serlab.report.tables.console import print_json, wide_console

    view = LoadView(report)
    if as_json:
        print_json({"summaries": view.summaries, "knees": view.knees, "report": report})
    else:
        from serlab.report.tables.load import print_load

        print_load(view, folder.read_info(), wide_console())
    print(f"\nresults: {folder.path / 'load.json'}", file=sys.stderr)
