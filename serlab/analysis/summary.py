"""The JSON contract of ``serlab summary --json``: one object that says everything a run found."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from serlab.analysis.correlate import correlate
from serlab.analysis.endtoend import EndToEnd, sum_up_all
from serlab.analysis.view import RunView
from serlab.records.prediction import Predictions
from serlab.records.run import Case, Interval
from serlab.records.run_data import RunData


def summarize(data: RunData, predictions: Predictions | None = None) -> dict[str, Any]:
    """Return ``run``, ``cases``, ``endtoend``, ``correlation``, ``predictions`` and ``instance``, as JSON types.

    Times are seconds, sizes bytes. What was not measured, or has too few samples, is null.
    """
    view = RunView(data)
    found = correlate(view)
    return {
        "run": _run(data),
        "cases": [_case(view, case) for case in view.cases()],
        "endtoend": [_end_to_end(whole) for whole in sum_up_all(view)],
        "correlation": [
            *({"kind": "point", **asdict(point)} for point in found.points),
            *({"kind": "fit", **asdict(fit)} for fit in found.fits),
            *({"kind": "saving", **asdict(saving)} for saving in found.savings),
        ],
        "predictions": asdict(predictions) if predictions else None,
        "instance": dict(data.info.instance),
    }


def timed_share(data: RunData) -> float | None:
    """Share of the run's wall time spent inside timed loops and timed calls; None while it is not known."""
    return data.info.timed_s / data.info.wall_s if data.info.wall_s else None


def _run(data: RunData) -> dict[str, Any]:
    described = asdict(data.info)
    for elsewhere in ("gates", "instance"):
        del described[elsewhere]
    return {**described, "timed_share": timed_share(data)}


def _case(view: RunView, case: Case) -> dict[str, Any]:
    exactness = view.exactness(case.payload, case.codec)
    profile = view.memory.get(case)
    ratio = view.ratio_to_raw(case)
    return {
        "payload": case.payload,
        "codec": case.codec,
        "op": case.op,
        "form": case.form,
        "exact": exactness is not None and exactness.exact,
        "verdicts": dict(exactness.counts) if exactness else {},
        "worst_ulp": exactness.worst_ulp if exactness else None,
        "failure": exactness.failure if exactness else "",
        "time_s": _interval(view.time(case)),
        "mean_s": _interval(view.mean(case)),
        "ratio_to_raw": _interval(ratio),
        "body_bytes": view.body_bytes(case),
        "peak_bytes": profile.peak_bytes if profile else None,
        "peak_ratio": profile.peak_bytes / profile.raw_bytes if profile else None,
        "allocated_bytes": profile.allocated_bytes if profile else None,
    }


def _interval(value: Interval | None) -> dict[str, Any] | None:
    return asdict(value) if value else None


def _end_to_end(whole: EndToEnd) -> dict[str, Any]:
    described = asdict(whole)
    median = described.pop("median_s")
    total = {name: described.pop(f"{name}_s") for name in ("p50", "p90", "p99")}
    bounds = {"low": median["low"], "high": median["high"]} if median else {"low": None, "high": None}
    exact = whole.exactness.exact if whole.exactness else None
    return {**described, "total_s": {**total, **bounds}, "exact": exact}
