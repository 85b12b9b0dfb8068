"""Throughput of a model with and without batching on the server."""

from __future__ import annotations

from serlab.errors import MeasureError
from serlab.measure.claims.lab import Lab, series
from serlab.measure.deployment.batching import DEFAULT_CODEC, BatchingSweep, measure_batching
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.records.deployment import BatchSetting
from serlab.records.load import StepLimits

#: From hardly any batching to the article's "tune both": a few, since each takes a step of load per round.
SETTINGS = (BatchSetting(4, 2_000), BatchSetting(16, 2_000), BatchSetting(32, 10_000))
CONCURRENCY = 16
MOST_ROUNDS = 6


def measure(lab: Lab) -> Evidence:
    """Take a closed loop of single rows against each setting and against no batching, in shuffled rounds."""
    window_s = lab.effort.load_s / 6
    sweep = BatchingSweep(
        settings=SETTINGS if lab.effort.large else SETTINGS[1:2],
        concurrency=CONCURRENCY,
        rounds=min(lab.effort.rounds, MOST_ROUNDS),
        limits=StepLimits(warmup_s=window_s, window_s=window_s, min_windows=3, max_windows=4),
        seed=lab.seed,
        keep=lab.folder.gather("claims/batching-steps"),
    )
    report = measure_batching(lab.clients, lab.on_target(None), sweep)
    lab.folder.write_part("claims/batching-steps", report)
    rates: dict[str, dict[int, float]] = {}
    for entry in report.steps:
        if entry.step.calls and not entry.step.failure:
            name = str(entry.setting) if entry.setting else said.NO_BATCHING
            rates.setdefault(name, {})[entry.step.round] = entry.step.throughput_per_s
    if said.NO_BATCHING not in rates or len(rates) < 2:
        failures = sorted({entry.step.failure for entry in report.steps if entry.step.failure})
        raise MeasureError(f"no call was answered: {'; '.join(failures)}")
    facts: dict[str, str | int | float | bool] = {
        "batched by": report.batcher,
        "codec": DEFAULT_CODEC,
        "in flight": CONCURRENCY,
        "steps": "claims/batching-steps.json",
    }
    for entry in report.steps:
        if entry.setting and entry.mean_rows is not None:
            facts[f"mean batch, {entry.setting}"] = round(entry.mean_rows, 1)
    listed = [series(said.THROUGHPUT, "1/s", values, setting=name) for name, values in rates.items()]
    return Evidence("batching", tuple(listed), facts)
