"""What a gateway adds."""

from __future__ import annotations

import pytest

from serlab.analysis.deployment import gateway_costs
from serlab.records.deployment import GatewayReport
from serlab.records.endtoend import CallSample, EndToEndRun


def client(seconds: float, number: int, *, cpu_s: float | None = 0.2, error: str = "") -> EndToEndRun:
    calls = () if error else tuple(CallSample(0.0, seconds, 0.0, seconds) for _ in range(10))
    return EndToEndRun("image", "wire", "grpc", number, calls, 1, 1, 0.1, cpu_s, None, error=error)


def test_the_difference_is_taken_within_each_round() -> None:
    # The machine gets ten times slower from round to round; the gateway always adds 1 ms.
    direct = tuple(client(10.0**number, number) for number in range(-3, 1))
    through = tuple(client(10.0**number + 0.001, number) for number in range(-3, 1))
    (cost,) = gateway_costs(GatewayReport("nginx/1", direct, through))
    assert cost.added_s is not None
    assert cost.added_s.low == pytest.approx(0.001)
    assert cost.added_s.high == pytest.approx(0.001)
    assert cost.ratio is not None
    assert cost.ratio.high == pytest.approx(2.0)
    assert cost.gateway_cpu_s == pytest.approx(0.02)


def test_a_client_that_failed_costs_its_round_and_is_named() -> None:
    direct = (client(0.01, 0), client(0.01, 1))
    through = (client(0.02, 0, cpu_s=None), client(0.0, 1, error="502 Bad Gateway"))
    (cost,) = gateway_costs(GatewayReport("nginx/1", direct, through))
    assert cost.rounds == 1
    assert cost.errors == ("502 Bad Gateway",)
    assert cost.gateway_cpu_s is None


def test_a_case_that_never_got_through_has_no_figures_but_its_own() -> None:
    (cost,) = gateway_costs(GatewayReport("nginx/1", (client(0.01, 0),), (client(0, 0, error="refused"),)))
    assert (cost.rounds, cost.added_s, cost.ratio, cost.through_s) == (0, None, None, None)
    assert cost.direct_s is not None
