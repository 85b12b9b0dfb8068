"""What ``serlab load`` does between its options and its tables: start a server, put it under load, keep and show."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serlab.analysis.load import histogram
from serlab.analysis.load.view import LoadView
from serlab.codecs import registry
from serlab.errors import UsageError
from serlab.lab.experiment import finish, open_folder
from serlab.lab.keeping import Keeping
from serlab.lab.live_target import Live, check_names, open_live
from serlab.lab.progress import ProgressShow
from serlab.measure.load.sweep import check_limits, sweep
from serlab.measure.process.parents import Parents
from serlab.records.load import LoadReport, LoadStep, StepLimits, StepSpec
from serlab.records.store import RunFolder, check_writable
from serlab.serving.base import ServingOptions

#: The part of a run that this command writes: ``load.json``.
PART = "load"
DEFAULT_PAYLOAD = "vector-1k"
DEFAULT_CODECS = ("json", "orjson", "base64-simd", "tensor-proto", "wire")

Steps = Callable[[tuple[str, ...], tuple[str, ...]], list[StepSpec]]


def step_limits(warmup_s: float, window_s: float, windows: int) -> StepLimits:
    """Return how long a step takes at most. Raises ``UsageError`` for limits within which nothing can be measured."""
    return check_limits(StepLimits(warmup_s, window_s, min_windows=min(3, windows), max_windows=windows))


@dataclass(frozen=True, slots=True)
class Session:
    """One invocation of the command."""

    serving: ServingOptions
    keep: Keeping
    limits: StepLimits
    rounds: int
    locust_workers: int

    def run(
        self, payloads: Sequence[str], codecs: Sequence[str], steps: Steps
    ) -> tuple[RunFolder, LoadReport, tuple[str, ...]]:
        """Measure what the instance takes of the payloads and codecs; every step is kept when it ends.

        What comes back last are the codecs that were asked for and are left out, in words.

        Raises:
            MissingExtraError, UsageError, StoreError, and others of ``check_names``: before a server is started.
            ServingError, ServableError, UsageError: the instance cannot be started or reached.
        """
        if self.locust_workers and self.keep.client:
            raise UsageError("Locust's users import what Locust does: leave --client or --locust-workers out")
        histogram.library()
        asked = tuple(codecs)
        payloads = tuple(payloads) or (() if self.serving.model else (DEFAULT_PAYLOAD,))
        codecs = tuple(codecs) or registry.usable(DEFAULT_CODECS)
        check_names(payloads, codecs, self.keep.seed)
        steps(payloads or (DEFAULT_PAYLOAD,), codecs)  # what is wrong with the numbers is said before a server starts
        check_writable(self.keep.results)
        with open_live(self.serving, payloads, codecs, self.keep.seed) as live:
            folder = open_folder(PART, self.keep, live.payloads, live.codecs)

            add = folder.gather(PART)

            def keep(step: LoadStep) -> None:
                add(LoadReport((step,), live.instance))

            with ProgressShow(quiet=self.keep.quiet) as show:
                left_out = live.left_out(asked)
                for told in left_out:
                    show.remark(told)
                wanted = steps(live.payloads, live.codecs)
                done = self._measure(live, wanted, show, keep)
            report = LoadReport(done, live.instance)
            folder.write_part(PART, report)
            failures = [f"{step.spec.id}: {step.failure}" for step in done if step.failure]
            finish(folder, PART, live.instance, failures, left_out=left_out, rounds=self.rounds)
        return folder, report, left_out

    def _measure(
        self, live: Live, wanted: Sequence[StepSpec], show: ProgressShow, keep: Callable[[LoadStep], None]
    ) -> tuple[LoadStep, ...]:
        if self.locust_workers:
            from serlab.measure.load.locust.run import sweep_with_locust

            return sweep_with_locust(
                live.target, wanted, self.locust_workers,
                limits=self.limits, rounds=self.rounds, seed=self.keep.seed, listener=show, keep=keep,
            )  # fmt: skip
        with Parents(live.codecs, seed=self.keep.seed, number=0, client=self.keep.client) as clients:
            return sweep(
                clients, live.target, wanted,
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
