"""What a run's codecs should cost on a server, by its law: predictions beside what was measured. Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from serlab.records.law import Route, Yardstick
from serlab.records.run import Interval

if TYPE_CHECKING:
    from serlab.records.store import RunFolder

#: The part of a run that holds the predictions: ``predictions.json``.
PART = "predictions"


@dataclass(frozen=True, slots=True)
class Prediction:
    """One payload × codec: isolated encode + the law's exchange + isolated decode, beside the measured call.

    ``model_s`` is the model's own work, which no law knows: estimated from the run's calls, 0 for an echo.

    ``total_s`` has the interval of law and scaling. ``residual`` is measured ÷ predicted − 1, None without calls;
    ``meaning`` says what a large one comes from, as far as the run can tell, "" otherwise.
    """

    payload: str
    codec: str
    route: Route
    request_bytes: int
    response_bytes: int
    encode_s: float
    exchange_s: float
    decode_s: float
    total_s: Interval
    measured_s: float | None = None
    model_s: float = 0.0
    residual: float | None = None
    covered: bool = True  # whether the law was fitted on bodies of this size
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A payload's codecs, fastest first, as predicted and as measured.

    ``swapped`` are pairs (a, b): a is predicted to be faster, b was measured faster, both beyond a tie.
    """

    payload: str
    predicted: tuple[str, ...]
    measured: tuple[str, ...] = ()
    swapped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """How predictions and measured calls agree: relative errors, the share within 30 %, Theil–Sen's slope."""

    cases: int
    median_error: float
    worst_error: float
    within_30_percent: float
    slope: float | None = None  # measured over predicted


@dataclass(frozen=True, slots=True)
class Predictions:
    """The predictions of one run by one law.

    ``own`` is False where the law is another server's than the one that was called: its predictions then say what that
    server would make of the run, and differences are differences of servers. ``left_out`` predicts the measured calls
    from the other codecs' exchanges with the same server. ``factors`` carried the law to this machine.
    """

    law: str
    server: str
    own: bool
    predictions: tuple[Prediction, ...]
    orders: tuple[Order, ...] = ()
    agreement: Agreement | None = None
    left_out: Agreement | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
    yardsticks: Mapping[str, Yardstick] = field(default_factory=dict)  # as measured where the run was
    scaling_spread: float = 0.0
    remarks: tuple[str, ...] = ()

    def of(self, payload: str, codecs: tuple[str, ...]) -> Prediction | None:
        """Return the prediction of the first of ``codecs`` for ``payload``; None where the run holds none."""
        wanted = (payload, codecs[0]) if codecs else None
        return next((each for each in self.predictions if (each.payload, each.codec) == wanted), None)


def read_predictions(folder: RunFolder) -> Predictions | None:
    """Return the predictions that a run holds, None where it has none."""
    found = folder.read_part(PART, Predictions, Predictions("", "", False, ()))
    return found if found.law else None
