"""What ``serlab precision`` does between its options and its tables: choose, start a server, examine, keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from serlab.analysis.precision_findings import findings, parse_words, unwanted
from serlab.codecs import registry
from serlab.errors import UsageError
from serlab.lab.keeping import Keeping
from serlab.lab.profiled_run import run_of_this_machine
from serlab.lab.progress import ProgressShow
from serlab.measure.new_run import begin_run
from serlab.measure.precision.lab import Plan, PrecisionLab
from serlab.measure.precision.live import LiveServer
from serlab.measure.precision.values import DTYPES
from serlab.payload import checked_seed, parse_payload
from serlab.records.precision import PrecisionReport
from serlab.records.store import RunFolder, now
from serlab.report.tables.console import print_json, wide_console
from serlab.report.tables.precision import render, statement
from serlab.report.tables.precision_screen import render_screen
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES
from serlab.serving.base import ServingOptions

#: The part of a run that this command writes: ``precision.json``.
PART = "precision"


def make_plan(
    codecs: tuple[str, ...], dtypes: tuple[str, ...], *, samples: int, seed: int | None, values: str | None
) -> Plan:
    """Return a checked plan: every name exists, and a user's tensor has been found.

    Raises:
        UnknownNameError, PayloadError, UsageError: the first thing that is wrong.
    """
    if values is not None and dtypes:
        raise UsageError("--values has a dtype of its own: leave --dtype out")
    seed = checked_seed(seed)
    payload = parse_payload(values, seed=seed) if values is not None else None
    wanted_dtypes = tuple(dict.fromkeys(tensor.dtype for tensor in payload.tensors)) if payload else dtypes or DTYPES
    return Plan(codecs or tuple(registry.names()), wanted_dtypes, samples, seed, payload)


def examine_values(
    codecs: tuple[str, ...],
    dtypes: tuple[str, ...],
    samples: int,
    values: str | None,
    serving: ServingOptions | None,
    keep: Keeping,
    fail_on: str,
) -> tuple[PrecisionReport, RunFolder, dict[str, int]]:
    """Examine what was asked for and keep it; return that, the run, and the values per verdict of ``fail_on``.

    Raises:
        UnknownNameError, PayloadError, UsageError: the first thing that is wrong.
        ServingError, ServableError: the server cannot be started, reached or asked.
    """
    words = parse_words(fail_on)
    plan = make_plan(codecs, dtypes, samples=samples, seed=keep.seed, values=values)
    with ProgressShow(quiet=keep.quiet) as show:
        report, folder = examine(plan, serving, lambda: open_run(keep, plan), show)
    return report, folder, unwanted(report, words)


def show_precision(
    report: PrecisionReport, failed: Mapping[str, int], *, as_json: bool, everything: bool, examples: int
) -> None:
    """Print what was found: one screen, every class of values with ``examples``, or JSON."""
    if as_json:
        said = [{"statement": statement(finding, report), "finding": finding} for finding in findings(report)]
        print_json({"report": report, "findings": said, "failed_on": failed})
    elif everything:
        render(report, wide_console(), examples=examples)
    else:
        render_screen(report, wide_console())


def open_run(keep: Keeping, plan: Plan) -> RunFolder:
    """Return the run to add to, or a new one that holds nothing else."""
    if keep.run is not None:
        return run_of_this_machine(keep.run, keep.results)
    payloads = (plan.payload.info(),) if plan.payload else ()
    return begin_run(keep.results, profile=PART, seed=plan.seed, payloads=payloads, codecs=plan.codecs)


def examine(
    plan: Plan, serving: ServingOptions | None, open_folder: Callable[[], RunFolder], show: ProgressShow
) -> tuple[PrecisionReport, RunFolder]:
    """Run the lab and keep what it finds; ``serving`` is None for an offline run.

    What was found is written also when the user stops it, and when the server dies. A server that cannot be started
    leaves no run behind.
    """
    if serving is None:
        return _run(PrecisionLab(plan), open_folder(), show)
    show.phase(f"starting {serving.serving}", None)
    with live_server(serving) as server:
        return _run(PrecisionLab(plan, server), open_folder(), show)


def _run(lab: PrecisionLab, folder: RunFolder, show: ProgressShow) -> tuple[PrecisionReport, RunFolder]:
    show.phase("precision", lab.steps)
    whole = False
    try:
        lab.run(show.step)
        whole = True
    finally:
        report = lab.report()
        folder.write_part(PART, report)
        info = folder.read_info()
        if info.profile == PART:
            folder.write_info(
                replace(
                    info, finished=now() if whole and not report.missing else "", instance=report.instance,
                    missing=report.missing, wall_s=report.seconds,
                )
            )  # fmt: skip
    return report, folder


@contextmanager
def live_server(serving: ServingOptions) -> Iterator[LiveServer]:
    """Start or find the server and make sure that it serves the lab's echo, which verdicts are about.

    Raises:
        ServingError, ServableError: it cannot be started, reached or asked.
        UsageError: its model is another one.
    """
    from serlab.lab.live_target import is_running, open_endpoint
    from serlab.serving.model import read_metadata
    from serlab.serving.registry import parse_serving

    model = serving.model if is_running(serving) and serving.model else ECHO_MODEL
    parse_serving(serving, {})  # wrong options are told before the servable is exported
    with open_endpoint(replace(serving, model=model) if is_running(serving) else serving) as endpoint:
        signatures = read_metadata(endpoint, model, serving.client).signatures
        if not set(signatures) & set(SIGNATURES) - {"serving_default"}:
            raise UsageError(
                f"model {model} on {endpoint.label} is not the lab's echo servable: what another model answers says "
                "nothing about the format. Serve the lab's echo there, or leave --serving out"
            )
        with LiveServer(endpoint, model, serving.client, signatures) as server:
            yield server
