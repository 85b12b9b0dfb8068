"""What ``serlab batching`` does between its options and its tables: choose settings, start servers, sweep, keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from serlab.analysis.deployment import recommend, summarize_batching
from serlab.analysis.load import histogram
from serlab.errors import UsageError
from serlab.lab.experiment import finish, open_folder
from serlab.lab.keeping import Keeping
from serlab.lab.live_target import check_names, describe, is_running
from serlab.lab.progress import ProgressShow
from serlab.measure.deployment.batching import (
    PAYLOAD,
    BatchingSweep,
    measure_batching,
    measure_server_batching,
    server_flags,
)
from serlab.measure.process.parents import Parents
from serlab.measure.target import Target
from serlab.records.deployment import BatchingReport, BatchSetting
from serlab.records.load import StepLimits
from serlab.records.run import Endpoint
from serlab.records.store import RunFolder, check_writable
from serlab.report.tables.console import print_json, wide_console
from serlab.report.tables.deployment import print_batching
from serlab.servable import ensure_model
from serlab.servable.batched import BATCHED_MODEL, SETTINGS
from serlab.serving.base import ServingOptions
from serlab.serving.model import read_metadata
from serlab.serving.registry import parse_serving

#: The part of a run that this command writes: ``batching.json``.
PART = "batching"


def choose_settings(sizes: Sequence[str], timeouts: Sequence[str], *, by: str) -> tuple[BatchSetting, ...]:
    """Return the settings to sweep.

    Raises:
        UsageError: numbers that do not parse, or, for batching within the graph, settings that were not exported.
    """
    if by not in ("graph", "server"):
        raise UsageError(f"--by {by}: choose graph or server")
    chosen_sizes = _whole(sizes, "--max-batch-size") or sorted({entry.max_batch_size for entry in SETTINGS})
    chosen_times = _whole(timeouts, "--batch-timeout-micros") or sorted({entry.timeout_micros for entry in SETTINGS})
    chosen = tuple(BatchSetting(size, micros) for size in chosen_sizes for micros in chosen_times)
    missing = [setting for setting in chosen if setting not in SETTINGS]
    if by == "graph" and missing:
        known = ", ".join(f"{entry.max_batch_size}/{entry.timeout_micros}" for entry in SETTINGS)
        raise UsageError(f"the lab's model has no signature for {missing[0]}: it has SIZE/MICROS {known}")
    return chosen


def sweep_settings(
    serving: ServingOptions,
    settings: Sequence[BatchSetting],
    keep: Keeping,
    *,
    by: str,
    codec: str,
    concurrency: int,
    rounds: int,
    window_s: float,
) -> tuple[RunFolder, BatchingReport]:
    """Sweep on an instance that serves the lab's model; every step is kept when it ends.

    Raises:
        ServingError, ServableError, UsageError: the instance cannot be started, or does not serve the model.
    """
    histogram.library()
    check_names((PAYLOAD,), (codec,), keep.seed)
    check_writable(keep.results)
    serving = serving if is_running(serving) else replace(serving, flags=server_flags(serving.flags, concurrency))
    model = serving.model or BATCHED_MODEL
    serving = replace(serving, model=model) if is_running(serving) else serving
    folder = open_folder(PART, keep, (PAYLOAD,), (codec,))
    with (
        ProgressShow(quiet=keep.quiet) as show,
        Parents((codec,), seed=keep.seed, number=0, client=keep.client) as clients,
    ):
        sweep = BatchingSweep(
            settings, codec, concurrency, rounds, StepLimits(window_s=window_s), keep.seed, show,
            keep=folder.gather(PART), model=model,
        )  # fmt: skip
        if by == "server":
            report = measure_server_batching(clients, serving, serving.client, ensure_model(BATCHED_MODEL), sweep)
            instance = describe(serving, Endpoint("binary", "a server per setting", "", ""))
        else:
            models = {} if is_running(serving) else {model: ensure_model(BATCHED_MODEL)}
            with parse_serving(serving, models) as endpoint:
                read_metadata(endpoint, model, serving.client).signature("serving_default")
                instance = describe(serving, endpoint)
                report = measure_batching(clients, Target(endpoint, serving.client), sweep)
    report = replace(report, instance=instance)
    folder.write_part(PART, report)
    steps = [(entry.setting or "without batching", entry.step) for entry in report.steps]
    missing = [f"{which}: {step.failure or dict(step.errors)}" for which, step in steps if step.failure or step.errors]
    finish(folder, PART, instance, dict.fromkeys(missing), rounds=rounds)
    return folder, report


def show_sweep(folder: RunFolder, report: BatchingReport, *, as_json: bool) -> None:
    """Print what every setting comes to, and which to use."""
    if as_json:
        summaries = summarize_batching(report)
        print_json({"summaries": summaries, "recommendation": recommend(summaries), "report": report})
    else:
        print_batching(report, folder.read_info(), wide_console())


def _whole(given: Sequence[str], option: str) -> list[int]:
    try:
        numbers = [int(text) for text in given]
    except ValueError:
        raise UsageError(f"{option} {','.join(given)!r} does not parse: write whole numbers") from None
    if any(number < 1 for number in numbers):
        raise UsageError(f"{option} takes numbers from 1 on")
    return numbers
