"""Sending less: what each representation of a request costs end to end, and what it does to values and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from serlab.records.endtoend import CallSample
from serlab.records.run import Transport

PART = "send_less"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """How far the numbers that reach the model are from those that the client has.

    ``largest`` and ``mean`` are absolute errors. ``psnr_db`` is the peak signal-to-noise ratio of images, None where
    nothing was changed or the tensors are no images. ``bound`` is what the representation promises for ``largest``: 0
    where it is exact for any values, None where it promises nothing.
    """

    largest: float
    mean: float
    psnr_db: float | None
    bound: float | None


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """What became of a model's answers over ``requests`` seeded requests.

    ``top1_changed`` are those whose highest-scoring class is another, of outputs that are scores; ``top1_classes`` how
    many classes came first without the change, for a model that answers one class to everything cannot change.
    ``largest_change`` is the largest absolute difference in any number of an answer.
    """

    requests: int
    top1_changed: int | None
    top1_classes: int | None
    largest_change: float


@dataclass(frozen=True, slots=True)
class SentRun:
    """The calls of one fresh client. ``prepare_s`` is what representing took before each; sizes are whole bodies."""

    round: int
    prepare_s: tuple[float, ...]
    calls: tuple[CallSample, ...]
    request_bytes: int = 0
    response_bytes: int = 0
    server_cpu_s: float | None = None  # of all calls together
    error: str = ""


@dataclass(frozen=True, slots=True)
class SentAs:
    """One representation over one codec.

    ``peak_bytes`` is what representing and encoding add to the client at their peak; ``failure`` says why it was not
    called at all.
    """

    representation: str
    effect: str
    codec: str
    transport: Transport
    signature: str = ""
    values: ValueChange | None = None
    answers: AnswerChange | None = None
    peak_bytes: int | None = None
    runs: tuple[SentRun, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class SendLess:
    """A payload sent to a model in every way that was asked for; the ways' runs are paired by round."""

    payload: str
    model: str
    raw_bytes: int
    seed: int
    rounds: int
    ways: tuple[SentAs, ...]
    instance: Mapping[str, Any] = field(default_factory=dict)
