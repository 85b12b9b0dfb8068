"""The same calls direct and through a real nginx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from serlab.analysis.deployment import gateway_costs
from serlab.errors import ServingError
from serlab.measure.deployment.gateway import measure_gateway
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.deployment import GatewayReport
from serlab.records.run import Endpoint
from serlab.serving.gateway import find_nginx, start_gateway

#: More than the 16 KiB that nginx takes in at a time, both ways, and little for the server to parse.
LARGER = "1x64x64x3:float32"


@pytest.fixture(scope="module")
def gateway(live_target: Target) -> Iterator[Endpoint]:
    try:
        find_nginx()
    except ServingError as error:
        pytest.skip(str(error))
    with start_gateway(live_target.endpoint) as through:
        yield through


def test_both_protocols_get_through_unaltered_whatever_the_body_is_like(
    light_workers: Workers, live_target: Target, gateway: Endpoint
) -> None:
    kept: list[GatewayReport] = []
    report = measure_gateway(
        light_workers, live_target, gateway, payloads=("vector-1k", LARGER),
        codecs=("orjson", "json-chunked", "orjson-gzip", "wire"), rounds=1, calls_s=0.05, seed=1, keep=kept.append,
    )  # fmt: skip
    assert len(kept) == len(report.direct) + len(report.through) == 16
    for run in (*report.direct, *report.through):
        assert run.error == "", (run.payload, run.codec)
        assert run.exactness is not None
        assert run.exactness.exact, (run.payload, run.codec)
        assert run.calls
    assert report.gateway.startswith("nginx/")


def test_added_latency_is_paired_by_round(light_workers: Workers, live_target: Target, gateway: Endpoint) -> None:
    report = measure_gateway(
        light_workers, live_target, gateway, payloads=("vector-1k",), codecs=("wire",), rounds=3, calls_s=0.1, seed=1
    )
    (cost,) = gateway_costs(report)
    assert cost.rounds == 3
    assert cost.added_s is not None
    assert cost.added_s.runs == 3
    assert cost.added_s.low <= cost.added_s.median <= cost.added_s.high
    assert cost.ratio is not None
    assert cost.gateway_cpu_s is not None
    assert cost.gateway_cpu_s >= 0


def test_connections_to_the_server_are_kept(light_workers: Workers, live_target: Target, gateway: Endpoint) -> None:
    """A gateway that connected anew for every call would measure connecting."""
    nginx = psutil.Process(gateway.pid)
    upstream = int(live_target.endpoint.rest.rpartition(":")[2])

    def ports() -> set[int]:
        established = [each for each in nginx.net_connections() if each.raddr and each.status == "ESTABLISHED"]
        return {each.laddr.port for each in established if each.raddr.port == upstream}

    arguments: dict[str, Any] = {
        "payloads": ("vector-1k",),
        "codecs": ("orjson",),
        "rounds": 1,
        "calls_s": 0.05,
        "seed": 1,
    }
    measure_gateway(light_workers, live_target, gateway, **arguments)
    before = ports()
    measure_gateway(light_workers, live_target, gateway, **arguments)
    assert before
    assert before <= ports()


def test_nginx_ends_with_its_block(live_target: Target, gateway: Endpoint) -> None:
    with start_gateway(live_target.endpoint) as through:
        assert through.pid is not None
        nginx = psutil.Process(through.pid)
        assert nginx.children() == []
    assert not nginx.is_running()
