"""How exactly a tensor came back: the verdicts of its elements, counted.

The comparison is of bits, so -0 differs from +0 and one NaN from another; see ``Verdict`` for the words.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.elementwise import Tensor, examine
from serlab.analysis.verdict import WORDS, Verdict
from serlab.records.run import Exactness

__all__ = ["WORDS", "Verdict", "compare", "examine", "failed", "tally", "verdicts"]


def compare(sent: Tensor, received: Tensor) -> Exactness:
    """Count the verdicts of ``received`` against ``sent``; another shape is a failure, with no counts.

    ``worst_ulp`` is the largest distance among ``rounded`` elements: in ULP of the sent dtype for floats, in
    units for integers. Counts hold only words that occur.
    """
    if sent.shape != received.shape:
        return Exactness(sent.size, {}, failure=f"shape {sent.shape} came back as {received.shape}")
    found, distance = examine(sent, received)
    return Exactness(sent.size, tally(found), worst_ulp=int(distance.max(initial=0)))


def failed(sent: Tensor, failure: str) -> Exactness:
    """The exactness of a tensor that never arrived: every element ``rejected``, with the error's text."""
    return Exactness(sent.size, {Verdict.REJECTED.word: sent.size}, failure=failure)


def verdicts(sent: Tensor, received: Tensor) -> NDArray[np.int8]:
    """The ``Verdict`` of each element, in ``sent``'s shape. Raises ``ValueError`` where shapes differ."""
    return examine(sent, received)[0]


def tally(found: NDArray[np.int8]) -> dict[str, int]:
    """How often each verdict occurs, by word, in rising severity; words that do not occur are left out."""
    counts = np.bincount(found.reshape(-1), minlength=len(Verdict))
    return {v.word: int(counts[v]) for v in Verdict if counts[v]}
