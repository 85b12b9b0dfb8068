from __future__ import annotations

import math
from pathlib import Path

import pytest

from serlab.analysis.laws.call_parts import call_parts
from serlab.records.law_files import TENSORFLOW_SERVING, find_law
from serlab.records.prediction import Prediction, Predictions
from serlab.records.run import Interval

FACTORS = {"copy": 2.0, "read-numbers": 3.0, "write-numbers": 0.5, "base64": 1.5}


@pytest.mark.parametrize("factors", [{}, FACTORS])
def test_the_parts_of_an_exchange_add_up_to_what_the_law_says(tmp_path: Path, factors: dict[str, float]) -> None:
    law = find_law(TENSORFLOW_SERVING, tmp_path)
    one = Prediction("image", "json", "rest-numbers", 3_000_000, 2_000_000, 0.1, 0.05, 0.2, Interval(1, 1, 1, 0))
    (parts,) = call_parts(Predictions(law.name, law.version, False, (one,), factors=factors), law)
    assert (parts.encode_s, parts.decode_s) == (0.1, 0.2)
    exchange = parts.fixed_s + parts.request_s + parts.response_s
    if not factors:
        route = law.route("rest-numbers")
        assert route is not None
        assert math.isclose(exchange, route.exchange_s(3_000_000, 2_000_000))
    assert parts.response_s != parts.request_s


def test_reading_and_writing_are_carried_by_their_own_yardsticks(tmp_path: Path) -> None:
    law = find_law(TENSORFLOW_SERVING, tmp_path)
    one = Prediction("image", "json", "rest-numbers", 3_000_000, 2_000_000, 0.1, 0.05, 0.2, Interval(1, 1, 1, 0))
    plain, carried = (
        call_parts(Predictions(law.name, law.version, False, (one,), factors=factors), law)[0]
        for factors in ({}, FACTORS)
    )
    assert carried.request_s == pytest.approx(3.0 * plain.request_s)
    assert carried.response_s == pytest.approx(0.5 * plain.response_s)
