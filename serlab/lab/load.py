"""What ``serlab load`` does between its options and its tables: start a server, put it under load, keep and show."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from serlab.analysis.load import histogram
from serlab.analysis.load.summary import LoadView
from serlab.codecs import registry
from serlab.errors import UsageError
from serlab.lab.experiment import finish, open_folder
from serlab.lab.keeping import Keeping
from serlab.lab.live_target import Live, check_names, open_live
from serlab.lab.progress import ProgressShow
from serlab.measure.load.sweep import DEFAULT_CONCURRENCY, OPEN_LOOP_CONCURRENCY, check_limits, checked, sweep
from serlab.measure.process.parents import Parents
from serlab.records.load import Arrivals, LoadReport, LoadStep, StepLimits, StepSpec
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


def make_steps(
    payloads: Sequence[str],
    codecs: Sequence[str],
    *,
    concurrency: str,
    rates: str,
    arrivals: str,
    connections: int,
    processes: int,
    pre_encode: bool,
) -> list[StepSpec]:
    """Return the steps of a load run: a closed loop per concurrency, or an open loop per rate.

    Raises:
        UsageError: a list that does not parse, or numbers that do not go together.
    """
    if arrivals not in ("poisson", "constant"):
        raise UsageError(f"--arrivals {arrivals}: choose poisson or constant")
    kind: Arrivals = "constant" if arrivals == "constant" else "poisson"
    in_flight = [int(number) for number in _numbers("--concurrency", concurrency, whole=True)]
    per_s = _numbers("--rate", rates)
    if per_s and len(in_flight) > 1:
        raise UsageError("a rate sweep has one limit of calls in flight: give --concurrency one number")
    paces: list[StepSpec] = []
    for payload in payloads:
        for codec in codecs:
            base = StepSpec(payload, codec, connections=connections, processes=processes, pre_encoded=pre_encode)
            if per_s:
                most = in_flight[0] if in_flight else OPEN_LOOP_CONCURRENCY
                paces += [_open(base, rate, kind, most) for rate in per_s]
            else:
                paces += [_closed(base, number) for number in in_flight or DEFAULT_CONCURRENCY]
    return [checked(spec) for spec in paces]


def _closed(base: StepSpec, concurrency: int) -> StepSpec:
    # A list of concurrencies goes below the number of processes that its larger ones ask for.
    sockets = min(base.connections or concurrency, concurrency)
    return replace(base, concurrency=concurrency, processes=min(base.processes, max(1, sockets)))


def _open(base: StepSpec, rate: float, arrivals: Arrivals, concurrency: int) -> StepSpec:
    return replace(base, loop="open", rate_per_s=rate, arrivals=arrivals, concurrency=concurrency)


def _numbers(option: str, text: str, *, whole: bool = False) -> list[float]:
    try:
        numbers = [float(int(part) if whole else float(part)) for part in text.split(",") if part.strip()]
    except ValueError:
        raise UsageError(f"{option} {text!r} does not parse: write numbers separated by commas") from None
    return list(dict.fromkeys(numbers))
