"""How exactly a tensor came back: the verdicts of its elements, counted.

The comparison is of bits, so -0 differs from +0 and one NaN from another; see ``Verdict`` for the words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.elementwise import Tensor, examine
from serlab.analysis.verdict import WORDS, Verdict
from serlab.records.run import Exactness

__all__ = ["WORDS", "Verdict", "all_failed", "compare", "compare_all", "examine", "tally"]


def compare(sent: Tensor, received: Tensor) -> Exactness:
    """Count the verdicts of ``received`` against ``sent``; another shape is a failure, with no counts.

    ``worst_ulp`` is the largest distance among ``rounded`` elements: in ULP of the sent dtype for floats, in
    units for integers. Counts hold only words that occur.
    """
    if sent.shape != received.shape:
        return Exactness(sent.size, {}, failure=f"shape {sent.shape} came back as {received.shape}")
    found, distance = examine(sent, received)
    return Exactness(sent.size, tally(found), worst_ulp=int(distance.max(initial=0)))


def compare_all(sent: Mapping[str, Tensor], received: Mapping[str, Tensor]) -> Exactness:
    """The exactness of several tensors together; where the names differ, as an echo's do, the order pairs them."""
    total = sum(tensor.size for tensor in sent.values())
    by_name = sent.keys() == received.keys()
    if not by_name and len(sent) != len(received):
        return Exactness(total, {}, failure=f"{len(sent)} tensors came back as {len(received)}")
    after_of = [received[name] for name in sent] if by_name else list(received.values())
    counts: Counter[str] = Counter()
    worst = 0
    for before, after in zip(sent.values(), after_of, strict=True):
        found = compare(before, after)
        if found.failure:
            return Exactness(total, {}, failure=found.failure)
        counts.update(found.counts)
        worst = max(worst, found.worst_ulp)
    return Exactness(total, {verdict.word: counts[verdict.word] for verdict in Verdict if counts[verdict.word]}, worst)


def all_failed(sent: Mapping[str, Tensor], failure: str) -> Exactness:
    """The exactness of tensors that never arrived: every element ``rejected``, with the error's text."""
    total = sum(tensor.size for tensor in sent.values())
    return Exactness(total, {Verdict.REJECTED.word: total}, failure=failure)


def tally(found: NDArray[np.int8]) -> dict[str, int]:
    """How often each verdict occurs, by word, in rising severity; words that do not occur are left out."""
    counts = np.bincount(found.reshape(-1), minlength=len(Verdict))
    return {v.word: int(counts[v]) for v in Verdict if counts[v]}
