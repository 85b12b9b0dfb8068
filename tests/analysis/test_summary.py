from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from serlab.analysis.summary import summarize
from serlab.records.run_data import RunData

CASE_KEYS = {
    "payload",
    "codec",
    "op",
    "form",
    "exact",
    "time_s",
    "ratio_to_raw",
    "body_bytes",
    "peak_bytes",
    "peak_ratio",
}
CALL_KEYS = {"payload", "codec", "transport", "calls", "total_s", "encode_s", "exchange_s", "decode_s", "left_over_s",
             "request_bytes", "response_bytes", "client_cpu_s", "server_cpu_s"}  # fmt: skip


def test_the_contract_of_summary_json_holds(run_data: RunData) -> None:
    found = json.loads(msgspec.json.encode(summarize(run_data)))
    assert {"run", "cases", "endtoend", "correlation", "instance"} <= set(found)
    for case in found["cases"]:
        assert set(case) >= CASE_KEYS
        assert set(case["time_s"]) == {"median", "low", "high", "runs", "is_range"}
        assert set(case["ratio_to_raw"]) >= {"median", "low", "high"}
        assert isinstance(case["exact"], bool)
    for calls in found["endtoend"]:
        assert set(calls) >= CALL_KEYS
        assert set(calls["total_s"]) >= {"p50", "p90", "p99"}
    assert isinstance(found["correlation"], list)
    assert found["instance"]["kind"] == "embedded"
    assert found["run"]["timed_share"] == pytest.approx(0.7)


def test_what_was_not_measured_is_null(run_data: RunData) -> None:
    found = summarize(replace(run_data, memory=(), runs=run_data.runs[:1]))
    assert len(found["cases"]) == 1
    assert found["cases"][0]["peak_bytes"] is None
    assert found["cases"][0]["ratio_to_raw"] is None
    assert found["endtoend"][0]["total_s"]["p99"] is None


def test_peaks_are_given_in_payloads(run_data: RunData) -> None:
    assert {case["peak_ratio"] for case in summarize(run_data)["cases"]} == {3.0}
