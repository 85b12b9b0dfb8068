from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.analysis.endtoend import sum_up
from serlab.analysis.view import RunView
from serlab.records.run_data import RunData


def test_the_stages_add_up_to_the_total_with_what_is_left_over(run_data: RunData) -> None:
    whole = sum_up(RunView(run_data).clients["image", "json"])
    assert whole.calls == 120
    parts = (whole.encode_s, whole.exchange_s, whole.decode_s, whole.left_over_s)
    assert sum(part for part in parts if part is not None) == pytest.approx(whole.mean_total_s)
    assert whole.left_over_s == pytest.approx(0.001 * 1.15)


def test_cpu_is_per_call(run_data: RunData) -> None:
    whole = sum_up(RunView(run_data).clients["image", "json"])
    assert whole.client_cpu_s == pytest.approx(0.5 / 20)
    assert whole.server_cpu_s == pytest.approx(0.25 / 20)


def test_tails_need_their_samples(run_data: RunData) -> None:
    whole = sum_up(RunView(run_data).clients["image", "json"])
    assert whole.p90_s is not None
    assert whole.p99_s is None


def test_a_client_without_calls_leaves_its_reason(run_data: RunData) -> None:
    refused = replace(run_data.endtoend[0], calls=(), error="HTTP 501", server_cpu_s=None)
    whole = sum_up([refused, refused])
    assert (whole.calls, whole.p50_s, whole.median_s, whole.encode_s) == (0, None, None, None)
    assert whole.errors == ("HTTP 501",)


def test_no_clients_are_an_error() -> None:
    with pytest.raises(ValueError, match="no clients"):
        sum_up([])
