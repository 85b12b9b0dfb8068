from __future__ import annotations

from serlab.analysis.rest_clients import rows
from serlab.records.endtoend import CallSample, EndToEndRun, RestClientRun


def run(client: str, number: int, exchange_s: float, error: str = "") -> RestClientRun:
    calls = () if error else (CallSample(0.0, exchange_s, 0.0, exchange_s),) * 2
    return RestClientRun(
        client, EndToEndRun("image", "orjson", "rest", number, calls, 1, 1, 0.5, None, None, error=error)
    )


def test_a_librarys_share_is_its_exchange_over_the_labs_own_in_the_same_round() -> None:
    runs = [
        run(client, number, base * (1 + number))
        for number in range(6)
        for client, base in (("rest", 1.0), ("httpx", 3.0))
    ]
    own, httpx = rows([*runs, run("aiohttp", 0, 0, error="refused")])[:2]
    assert own.versus_own is None
    assert httpx.versus_own is not None
    assert (httpx.versus_own.median, httpx.versus_own.low, httpx.versus_own.high) == (3.0, 3.0, 3.0)
    assert httpx.calls == 12
    assert httpx.client_cpu_s == 0.25


def test_a_client_without_calls_keeps_its_error() -> None:
    (row,) = rows([run("aiohttp", 0, 0, error="refused")])
    assert (row.exchange, row.calls, row.error) == (None, 0, "refused")
