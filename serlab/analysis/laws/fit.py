"""Fits a cost in pieces: a floor and non-negative rates, by relative error, with weights that outliers cannot buy.

Least absolute relative error, by reweighted non-negative least squares (Lawson & Hanson's NNLS, SciPy; Schlossmacher,
"An iterative technique for absolute deviations curve fitting", 1973): points that a busy machine has disturbed do not
bend the law for the others, as they would with least squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain, combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from serlab.errors import MeasureError
from serlab.records.law import CodecLaw, CodecPoint, FitErrors, LawPoint, Line, Route, RouteLaw, parts
from serlab.records.run import Form, Op

#: Where the cost of a byte may change: the largest segment on loopback (its MTU is 64 KiB), a core's own cache (L2),
#: and what a socket's buffer grows to (the kernel's ``tcp_wmem`` ends at 4 MiB).
BYTE_BREAKS = (64 * 2**10, 2**20, 4 * 2**20)
#: Where the cost of an element may change, in bytes of the tensor: L1, glibc's threshold for fresh pages (which zeroes
#: them at each call), L2 and the end of that threshold's growth.
ELEMENT_BREAKS_BYTES = (32 * 2**10, 128 * 2**10, 2**20, 32 * 2**20)

#: Relative errors below this count as no error: clocks and machines repeat no better.
_ROUNDING = 0.02
_ITERATIONS = 25
#: A piece needs points of this many sizes in it, or its rate is what one point says.
_SIZES_PER_PIECE = 2

Matrix = NDArray[np.float64]
Breaks = tuple[int, ...]


def fit_route(route: Route, points: Sequence[LawPoint], breaks: Sequence[int] | None = None) -> RouteLaw:
    """Return the law of one route from its points, those that the server refused left out.

    ``breaks`` are bytes, the same for request and response; None tries the sets of ``BYTE_BREAKS`` that the sizes
    support, and takes the set with the smallest left-out error.

    Raises:
        MeasureError: fewer than two sizes were measured.
    """
    sound = [point for point in points if point.route == route and not point.refused]
    sizes = {(point.request_bytes, point.response_bytes) for point in sound}
    if len(sizes) < 2:
        raise MeasureError(
            f"{route} was measured at {_count(sizes)}: a floor and a cost per byte need at least two, far apart"
        )
    seconds = np.array([point.median_s for point in sound])
    requests = [point.request_bytes for point in sound]
    responses = [point.response_bytes for point in sound]
    tried = [(tuple(breaks),) * 2] if breaks is not None else _both(requests, responses)

    def rows(at: tuple[Breaks, ...]) -> Matrix:
        return np.array([[1.0, *parts(q, at[0]), *parts(p, at[1])] for q, p in zip(requests, responses, strict=True)])

    (ins, outs), found, errors = _best(rows, tried, seconds)
    pieces = len(ins) + 1
    return RouteLaw(
        route,
        float(found[0]),
        Line(tuple(map(float, found[1 : 1 + pieces])), ins),
        Line(tuple(map(float, found[1 + pieces :])), outs),
        errors,
        len(sound),
        (min(requests), max(requests)),
        (min(responses), max(responses)),
    )


def fit_codec(
    codec: str, op: Op, dtype: str, itemsize: int, client: str, points: Sequence[CodecPoint], form: Form | None = None
) -> CodecLaw:
    """Return the law of one codec's step from its times over sizes; ``itemsize`` is bytes per element.

    Raises:
        MeasureError: fewer than two sizes were measured.
    """
    if len({point.elements for point in points}) < 2:
        raise MeasureError(f"{codec} {op} was measured at one size only: a cost per element needs at least two")
    seconds = np.array([point.seconds for point in points])
    sizes = [point.elements for point in points]
    tried = [(at,) for at in _supported(tuple(size // itemsize for size in ELEMENT_BREAKS_BYTES), sizes)]

    def rows(at: tuple[Breaks, ...]) -> Matrix:
        return np.array([[1.0, *parts(size, at[0])] for size in sizes])

    (best,), found, errors = _best(rows, tried, seconds)
    line = Line(tuple(map(float, found[1:])), best)
    return CodecLaw(codec, op, dtype, client, float(found[0]), line, errors, tuple(points), form)


def solve(rows: Matrix, seconds: Matrix) -> Matrix:
    """Return the non-negative coefficients with the least sum of |fitted ÷ measured − 1|."""
    from scipy.optimize import nnls

    relative = rows / seconds[:, None]
    scale = relative.max(axis=0)
    scale[scale == 0] = 1.0  # a column without entries
    weights = np.ones(len(seconds))
    for _ in range(_ITERATIONS):
        found = nnls(relative * weights[:, None] / scale, weights)[0] / scale
        weights = 1 / np.sqrt(np.maximum(np.abs(relative @ found - 1), _ROUNDING))
    return np.asarray(found)


def _best(
    rows: Callable[[tuple[Breaks, ...]], Matrix], tried: Sequence[tuple[Breaks, ...]], seconds: Matrix
) -> tuple[tuple[Breaks, ...], Matrix, FitErrors]:
    """Return the breaks of each size that make the smallest left-out error, with the fit."""
    fits = [(at, *_with_errors(rows(at), seconds)) for at in tried]
    # Every size counts, so not the median: it would let the largest few go. A break has to earn its place.
    at, found, errors, _ = min(fits, key=lambda fit: fit[3] * (1 + _ROUNDING) ** sum(map(len, fit[0])))
    return at, found, errors


def _with_errors(rows: Matrix, seconds: Matrix) -> tuple[Matrix, FitErrors, float]:
    """Return coefficients, errors, and the mean error with each point left out, no point counting for more than 1."""
    found = solve(rows, seconds)
    inside = np.abs(rows @ found / seconds - 1)
    kept = np.arange(len(seconds))
    left_out = [float(rows[i] @ solve(rows[kept != i], seconds[kept != i]) / seconds[i]) for i in kept]
    outside = np.abs(np.array(left_out) - 1)
    # A point that nothing else in its piece is left to predict says nothing about the spread.
    logs = [abs(math.log(ratio)) for ratio in left_out if ratio > 0] or [0.0]
    errors = FitErrors(
        float(np.median(inside)),
        float(inside.max()),
        float(np.median(outside)),
        float(outside.max()),
        float(np.quantile(logs, 0.95)),
    )
    return found, errors, float(np.minimum(outside, 1.0).mean())


def _both(requests: Sequence[int], responses: Sequence[int]) -> list[tuple[Breaks, ...]]:
    """Return the sets of breaks to try: the same for both bodies, each as far as its own sizes support it."""
    ins, outs = _supported(BYTE_BREAKS, requests), _supported(BYTE_BREAKS, responses)
    return [(at if at in ins else (), at if at in outs else ()) for at in dict.fromkeys((*ins, *outs))]


def _supported(breaks: Sequence[int], sizes: Sequence[int]) -> list[Breaks]:
    """Return the sets of ``breaks``, the empty one first, that leave enough of the sizes in every piece."""
    distinct = sorted(set(sizes))

    def supports(chosen: Breaks) -> bool:
        edges = [-1, *chosen, math.inf]
        return all(sum(low < size <= high for size in distinct) >= _SIZES_PER_PIECE for low, high in pairwise(edges))

    chosen = chain.from_iterable(combinations(breaks, count) for count in range(len(breaks) + 1))
    return [one for one in chosen if not one or supports(one)]


def _count(sizes: set[tuple[int, int]]) -> str:
    return "one size only" if sizes else "no size"
