"""What a representation does to values and answers, and the table of what sending less comes to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.stats import interval_if_any, paired_ratio
from serlab.analysis.words import counted
from serlab.records.run import Interval, Transport
from serlab.records.send_less import AnswerChange, SendLess, SentAs, SentRun, ValueChange

Tensors = Mapping[str, NDArray[Any]]
AS_IS = "as-is"


def value_change(before: Tensors, after: Tensors, bound: float | None) -> ValueChange:
    """Return the errors of ``after`` against ``before``, over all numeric tensors together.

    PSNR is 10 log10(peak² / MSE), with a peak of 255 for uint8 and 1 for floats (ITU-T J.340), of tensors
    (n, height, width, channels).

    Raises:
        ValueError: a tensor came back in another shape.
    """
    largest, total, elements = 0.0, 0.0, 0
    ratios = []
    for name, tensor in before.items():
        other = after[name]
        if tensor.shape != other.shape:
            raise ValueError(f"{name} of shape {list(tensor.shape)} came back as {list(other.shape)}")
        if tensor.dtype.hasobject or not tensor.size:
            continue
        with np.errstate(invalid="ignore"):  # infinity less infinity, of which the next line knows better
            error = np.abs(other.astype(np.float64) - tensor.astype(np.float64))
        error[(tensor == other) | ((tensor != tensor) & (other != other))] = 0  # equal infinities, and NaN for NaN
        largest, total, elements = max(largest, float(error.max())), total + float(error.sum()), elements + error.size
        squares = float(np.mean(error**2))
        if tensor.ndim == 4 and squares:
            peak = 255.0 if tensor.dtype == np.uint8 else 1.0
            ratios.append(10 * math.log10(peak**2 / squares))
    return ValueChange(largest, total / elements if elements else 0.0, min(ratios, default=None), bound)


def answer_change(before: Sequence[Tensors], after: Sequence[Tensors]) -> AnswerChange:
    """Compare the answers to the same requests. A row of scores is a row of the first float output (n, classes > 1).

    Raises:
        ValueError: no answers, or an answer of another shape.
    """
    if not before or len(before) != len(after):
        raise ValueError(f"{len(before)} answers cannot be compared with {len(after)}")
    changed, classes, scored = 0, set(), False
    largest = 0.0
    for old, new in zip(before, after, strict=True):
        change = value_change(old, new, None)
        largest = max(largest, change.largest)
        scores = next((name for name, one in old.items() if _is_scores(one)), None)
        if scores is not None:
            scored = True
            first, then = old[scores].argmax(-1), new[scores].argmax(-1)
            classes.update(first.tolist())
            changed += bool((first != then).any())
    return AnswerChange(len(before), changed if scored else None, len(classes) if scored else None, largest)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a way of sending, its costs per call, and in the same line what it does to the values.

    ``versus_as_is`` is end-to-end time ÷ that of the untouched request over the same codec, paired by round.
    """

    representation: str
    codec: str
    transport: Transport
    exactness: str
    lossy: bool
    request_bytes: int | None
    response_bytes: int | None
    client_s: float | None
    exchange_s: float | None
    server_cpu_s: float | None
    end_to_end: Interval | None
    versus_as_is: Interval | None
    peak_bytes: int | None
    answers: str
    failure: str

    @property
    def name(self) -> str:
        """How the line is called; a lossy way says so here, wherever it is ranked."""
        return f"{self.representation} over {self.codec}{' (LOSSY)' if self.lossy else ''}"


def rows(report: SendLess) -> list[Row]:
    """Return the lines of the table, fastest first; ways that could not be called come last."""
    plain = {way.codec: _per_round(way) for way in report.ways if way.representation == AS_IS}
    found = [_row(way, plain.get(way.codec, {})) for way in report.ways]
    return sorted(found, key=lambda row: (row.end_to_end is None, row.end_to_end.median if row.end_to_end else 0.0))


def exactness(change: ValueChange | None) -> str:
    """Say in a few words what happens to the values."""
    if change is None:
        return "not compared"
    if change.bound == 0:
        return "exact"
    if change.largest == 0:
        return "exact for these values"
    psnr = f", PSNR {change.psnr_db:.1f} dB" if change.psnr_db is not None else ""
    return f"off by up to {change.largest:.2g}, {change.mean:.2g} on average{psnr}"


def answers_in_words(change: AnswerChange | None) -> str:
    """Say in a few words what happens to the answers."""
    if change is None:
        return "not compared"
    if change.largest_change == 0:
        return f"the same on {change.requests} of {change.requests}"
    moved = f"numbers change by up to {change.largest_change:.2g}"
    if change.top1_changed is None:
        return f"{moved} ({counted(change.requests, 'request')})"
    kinds = f"{counted(change.top1_classes or 0, 'class')} came first"
    return f"top-1 changed on {change.top1_changed} of {change.requests} ({kinds}); {moved}"


def _row(way: SentAs, plain: Mapping[int, float]) -> Row:
    totals = _per_round(way)
    runs = [run for run in way.runs if run.calls]
    cpu = [run.server_cpu_s / len(run.calls) for run in runs if run.server_cpu_s is not None]
    return Row(
        way.representation,
        way.codec,
        way.transport,
        exactness(way.values),
        way.values is None or way.values.largest > 0,
        runs[0].request_bytes if runs else None,
        runs[0].response_bytes if runs else None,
        _median([_client_s(run) for run in runs]),
        _median([_median_of(call.exchange_s for call in run.calls) for run in runs]),
        _median(cpu),
        interval_if_any(totals.values()),
        paired_ratio(totals, plain) if way.representation != AS_IS else None,
        way.peak_bytes,
        answers_in_words(way.answers) if way.representation != AS_IS else "",
        way.failure or next((run.error for run in way.runs if run.error), ""),
    )


def _per_round(way: SentAs) -> dict[int, float]:
    """Return the median end-to-end time by round, representing included."""
    return {
        run.round: _median_of(before + call.total_s for before, call in zip(run.prepare_s, run.calls, strict=True))
        for run in way.runs
        if run.calls
    }


def _client_s(run: SentRun) -> float:
    pairs = zip(run.prepare_s, run.calls, strict=True)
    return _median_of(before + call.encode_s + call.decode_s for before, call in pairs)


def _is_scores(tensor: NDArray[Any]) -> bool:
    return tensor.ndim == 2 and tensor.shape[1] > 1 and tensor.dtype.kind == "f"


def _median_of(values: Iterable[float]) -> float:
    return float(np.median(list(values)))


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None
