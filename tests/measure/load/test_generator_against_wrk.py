"""The generator's REST figures against wrk's, on the same ready body and the same server."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.codecs import registry
from serlab.measure.calls import echo_call
from serlab.measure.load.sweep import load_step
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.payload import DEFAULT_SEED, parse_payload
from serlab.records.load import StepLimits, StepSpec

CONNECTIONS = 8
SECONDS = 1
#: Turns that both take one after the other, so that whatever else the machine does falls on both.
MOST_TURNS, FEWEST_TURNS = 12, 3
TOLERANCE = 0.10


def write_script(path: Path) -> None:
    """What wrk needs to send the body that the lab sends."""
    codec, payload = registry.get("orjson"), parse_payload("vector-1k", seed=DEFAULT_SEED)
    body = codec.encode({"x": payload.array()}, echo_call(codec, payload)).decode()
    path.write_text(
        f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = [==[{body}]==]\n"
    )


def wrk_per_s(wrk: str, script: Path, target: Target) -> float:
    url = f"{target.endpoint.base_url}/v1/models/echo:predict"
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in told
    match = re.search(r"Requests/sec:\s*([\d.]+)", told)
    assert match
    return float(match[1])


@pytest.mark.alone
def test_throughput_agrees_within_ten_percent(light_workers: Workers, live_target: Target, tmp_path: Path) -> None:
    wrk = shutil.which("wrk")
    if wrk is None:
        pytest.skip("wrk is not installed: apt-get install wrk")
    script = tmp_path / "body.lua"
    write_script(script)
    spec = StepSpec("vector-1k", "orjson", concurrency=CONNECTIONS, processes=1, pre_encoded=True)
    # wrk leaves acknowledging to the kernel.
    target = replace(live_target, options=replace(live_target.options, quickack=False))
    limits = StepLimits(warmup_s=0.1, window_s=SECONDS / 4, min_windows=4, max_windows=4)
    ratios: list[float] = []
    before = wrk_per_s(wrk, script, live_target)
    # More turns until the median is settled: on a machine that does other things one turn may be off by half.
    while len(ratios) < MOST_TURNS:
        step = load_step(light_workers, target, spec, limits=limits, seed=DEFAULT_SEED)
        assert not step.failure
        assert step.errors == {}
        after = wrk_per_s(wrk, script, live_target)
        ratios.append(2 * step.throughput_per_s / (before + after))
        before = after
        if len(ratios) >= FEWEST_TURNS and abs(statistics.median(ratios) - 1) < TOLERANCE / 2:
            break
    assert statistics.median(ratios) == pytest.approx(1.0, abs=TOLERANCE), ratios
