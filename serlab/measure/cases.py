"""The cases of a run, in the order a round takes them.

A round is every case once. Its order is shuffled by the run's seed and the round's number, so that the machine's drift
falls on all codecs alike and the order can be had again.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

from serlab.codecs import registry
from serlab.records.run import OPS, Case, Op, Transport

T = TypeVar("T")


def time_cases(payloads: Iterable[str], codecs: Sequence[str], ops: Iterable[Op] = OPS) -> list[Case]:
    """Every payload × codec × op; decode once per form in which a server may answer."""
    return [
        Case(payload, codec, op, form)
        for op in ops
        for payload in payloads
        for codec in codecs
        for form in (registry.codec_class(codec).forms if op == "decode" else (None,))
    ]


def shuffled(items: Sequence[T], seed: int, round_number: int) -> list[T]:
    """Return ``items`` in the order of round ``round_number``: the same for the same seed and number, always."""
    order = list(items)
    random.Random(f"{seed}/{round_number}").shuffle(order)
    return order


def with_transport(codecs: Iterable[str], transports: Iterable[Transport]) -> list[str]:
    """Return the codecs that can be sent over one of ``transports``; the floor ``raw`` cannot be sent at all."""
    wanted = set(transports) - {"none"}
    return [codec for codec in codecs if registry.codec_class(codec).transport in wanted]
