"""What ``serlab claims`` does between its options and its tables: start the models' server, test, or judge again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from serlab.lab.keeping import Keeping
    from serlab.lab.progress import ProgressShow
    from serlab.records.claims import ClaimsReport
    from serlab.records.run import Endpoint, RunInfo
    from serlab.records.store import RunFolder
    from serlab.serving.base import ServingOptions

#: TensorFlow Serving takes 4 gRPC calls per core at a time and refuses more; the claims speak of 50.
THREADS_FLAG, THREADS = "--grpc_max_threads", 128


def put_claims(
    only: Sequence[str], serving: ServingOptions | None, keep: Keeping, *, quick: bool
) -> tuple[RunFolder, ClaimsReport]:
    """Put claims to the test (those named, or all), and keep the evidence in a run; ``serving`` None means offline.

    A run that was named is gone on with: of what is wanted, it measures what that run lacks.

    Raises:
        UnknownNameError: there is no such claim, or no such run.
        ServingError, ServableError, UsageError: the instance cannot be started or reached, or the run had another.
        MeasureError: the workers cannot be started.
    """
    from serlab.lab.experiment import finish, open_folder
    from serlab.lab.progress import ProgressShow
    from serlab.measure.claims.run import CODECS, PAYLOADS, select
    from serlab.records.claims import PART

    wanted = select(only)
    with ProgressShow(quiet=keep.quiet) as show:
        folder, report, instance = examine(
            lambda: open_folder(PART, keep, PAYLOADS, CODECS), wanted, serving, quick=quick, seed=keep.seed, show=show
        )
    finish(folder, PART, dict(instance), report.missing)
    return folder, report


def examine(
    open_run: Callable[[], RunFolder],
    claims: Iterable[str],
    serving: ServingOptions | None,
    *,
    quick: bool,
    seed: int,
    show: ProgressShow,
) -> tuple[RunFolder, ClaimsReport, Mapping[str, object]]:
    """Put claims to the test and return the run, its report, and the instance's description.

    ``serving`` None means offline. ``open_run`` makes the run's folder, once there is a server to measure.

    Raises:
        ServingError, ServableError, UsageError: the instance cannot be started or reached.
        MeasureError: the workers cannot be started.
    """
    from serlab.codecs import registry
    from serlab.lab.live_target import describe
    from serlab.measure.claims.lab import QUICK, STANDARD, Lab
    from serlab.measure.claims.run import CODECS, models_for, put_to_the_test
    from serlab.measure.process.parents import Parents
    from serlab.measure.target import Target

    wanted = tuple(claims)
    effort = QUICK if quick else STANDARD
    usable = registry.usable(CODECS)
    if serving is None:
        with Parents(usable, seed=seed, number=0) as clients:
            folder = open_run()
            lab = Lab(folder, clients, effort, seed=seed, say=show)
            return folder, put_to_the_test(lab, wanted, quick=quick), {}
    show.phase(f"starting {serving.serving}", None)
    with (
        open_models(serving, models_for(wanted)) as (endpoint, served),
        Parents(usable, seed=seed, number=0) as clients,
    ):
        folder = open_run()
        lab = Lab(folder, clients, effort, Target(endpoint, serving.client), served, seed, show)
        return folder, put_to_the_test(lab, wanted, quick=quick), describe(serving, endpoint)


@contextmanager
def open_models(serving: ServingOptions, models: Iterable[str]) -> Iterator[tuple[Endpoint, frozenset[str]]]:
    """Start the instance with the servables called ``models``, or find one; yield it and the names that it serves."""
    from serlab.lab.live_target import is_running
    from serlab.measure.claims.run import ALL_MODELS
    from serlab.servable import ECHO_MODEL, ensure_model
    from serlab.serving.registry import parse_serving
    from serlab.serving.status import is_available

    if is_running(serving):
        with parse_serving(replace(serving, model=serving.model or ECHO_MODEL), {}) as endpoint:
            yield endpoint, frozenset(name for name in ALL_MODELS if is_available(endpoint, name, serving.client))
    else:
        if not any(flag.startswith(THREADS_FLAG) for flag in serving.flags):
            serving = replace(serving, flags=(*serving.flags, f"{THREADS_FLAG}={THREADS}"))
        # A server starts with at least one model, also for claims that only look at its ports.
        wanted = {name: ensure_model(name) for name in ALL_MODELS if name in {*models, ECHO_MODEL}}
        with parse_serving(serving, wanted) as endpoint:
            yield endpoint, frozenset(wanted)


def run_to_resume(name: str | None, results: Path) -> str:
    """Return the run of claims to go on with: the one that was named, or the newest that is not finished.

    Raises:
        StoreError: there is none.
        UsageError: it is no run of claims.
    """
    from serlab.errors import StoreError, UsageError
    from serlab.records.claims import PART
    from serlab.records.store import find_run, newest_run

    if name is None:
        newest = newest_run(results, lambda run: run.read_info().profile == PART and not run.read_info().finished)
        if newest is None:
            raise StoreError(f"no run of claims in {results} is unfinished: start one with serlab claims")
        return str(newest.path)
    info = find_run(name, results).read_info()
    if info.profile != PART:
        raise UsageError(f"run {name} is no run of claims to go on with: it was made by {info.command}")
    return name


def judge_run(run: str, results: Path) -> tuple[RunFolder, ClaimsReport]:
    """Return a stored run with the verdicts on its evidence, as ``judge_again`` does."""
    from serlab.records.store import find_run

    folder = find_run(run, results)
    return folder, judge_again(folder)


def judge_again(folder: RunFolder) -> ClaimsReport:
    """Return the verdicts on the evidence that a run holds, by the rules of this version.

    Raises:
        StoreError: the run holds no claims.
    """
    from serlab.analysis.claims.catalogue import CLAIMS
    from serlab.analysis.claims.judge import judge
    from serlab.errors import StoreError
    from serlab.records.claims import PART, ClaimsReport, Evidence

    empty = ClaimsReport("", ())
    stored = folder.read_part(PART, ClaimsReport, empty)
    if stored == empty:
        raise StoreError(f"{folder.name} has put no claims to the test: run serlab claims")
    results = []
    instance = str(stored.instance.get("kind", ""))
    for result in stored.results:
        name = result.evidence.removesuffix(".json")
        evidence = folder.read_part(name, Evidence, Evidence("")) if name else Evidence("")
        known = result.claim.id in CLAIMS and evidence.experiment
        results.append(judge(result.claim.id, evidence, result.evidence, instance) if known else result)
    return replace(stored, results=tuple(results))


def show_claims(report: ClaimsReport, info: RunInfo, *, markdown: bool, as_json: bool) -> None:
    """Print the verdicts: as a table, as Markdown, or as JSON."""
    from serlab.report.tables.claims import print_claims, render_markdown
    from serlab.report.tables.console import print_json, wide_console

    if as_json:
        print_json(report)
    elif markdown:
        print(render_markdown(report, info), end="")
    else:
        print_claims(report, info, wide_console())
