"""The fit finds the law that points were made from, and its errors say how far it can be trusted."""

from __future__ import annotations

import numpy as np
import pytest

from serlab.analysis.laws.fit import fit_codec, fit_route
from serlab.errors import MeasureError
from serlab.records.law import CodecPoint, LawPoint, Line

SIZES = (300, 5_000, 40_000, 200_000, 900_000, 3_000_000, 12_000_000)
SMALL = 40


def point(request: int, response: int, seconds: float, *, error: str = "") -> LawPoint:
    return LawPoint("grpc", request, response, seconds, seconds, seconds, 0 if error else 50, error=error)


def made(floor_s: float, request: Line, response: Line, noise: float = 0.0) -> list[LawPoint]:
    rng = np.random.default_rng(1)
    shapes = [pair for size in SIZES for pair in ((size, SMALL), (SMALL, size), (size, size))]
    return [
        point(q, p, (floor_s + request.cost(q) + response.cost(p)) * float(np.exp(noise * rng.normal())))
        for q, p in shapes
    ]


def test_a_straight_law_is_found_again() -> None:
    law = fit_route("grpc", made(5e-4, Line((1e-9,)), Line((4e-9,))))
    assert law.floor_s == pytest.approx(5e-4, rel=0.01)
    assert law.exchange_s(1e6, 2e6) == pytest.approx(5e-4 + 1e-3 + 8e-3, rel=0.01)
    assert law.errors.left_out_median < 0.01
    assert law.request_bytes == (SMALL, 12_000_000)


def test_a_law_that_bends_is_followed() -> None:
    bent = Line((1e-9, 6e-9), (2**20,))
    points = made(5e-4, bent, bent, noise=0.01)
    straight, pieces = fit_route("grpc", points, ()), fit_route("grpc", points, (2**20,))
    assert pieces.errors.left_out_worst < 0.05 < 0.5 < straight.errors.left_out_worst
    assert pieces.request.rates == pytest.approx(bent.rates, rel=0.1)
    assert fit_route("grpc", points).request.breaks[-1] >= 2**20  # without being told


def test_disturbed_points_do_not_bend_the_law_for_the_others() -> None:
    points = made(5e-4, Line((1e-9,)), Line((4e-9,)))
    points[4] = point(points[4].request_bytes, points[4].response_bytes, points[4].median_s * 3)
    law = fit_route("grpc", points)
    assert law.floor_s == pytest.approx(5e-4, rel=0.02)
    assert law.errors.worst == pytest.approx(2 / 3, abs=0.02)  # and the point itself is not hidden


def test_coefficients_are_never_negative() -> None:
    falling = [point(size, SMALL, 1e-3 - 5e-11 * size) for size in SIZES if size < 10**6]
    law = fit_route("grpc", falling, ())
    assert min(law.floor_s, *law.request.rates, *law.response.rates) >= 0


def test_one_size_only_is_refused_and_refused_sizes_do_not_count() -> None:
    with pytest.raises(MeasureError, match="one size only"):
        fit_route("grpc", [point(500, 500, 1e-3), point(500, 500, 2e-3)])
    with pytest.raises(MeasureError, match="one size only"):
        fit_route("grpc", [point(500, 500, 1e-3), point(9_000, 500, 0.0, error="413")])
    with pytest.raises(MeasureError, match="no size"):
        fit_route("rest-numbers", [point(500, 500, 1e-3)])


def test_a_codec_costs_a_floor_and_so_much_per_element() -> None:
    points = [CodecPoint(n, 4e-6 + n * 2e-8) for n in (64, 256, 2_560, 25_600, 150_528)]
    law = fit_codec("orjson", "encode", "float32", 4, "light", points)
    assert law.seconds(100_000) == pytest.approx(4e-6 + 2e-3, rel=0.02)
    assert law.errors.left_out_median < 0.02
    with pytest.raises(MeasureError, match="one size only"):
        fit_codec("orjson", "encode", "float32", 4, "light", points[:1])
