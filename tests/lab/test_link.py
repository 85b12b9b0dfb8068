"""Predictions over a link against a link: token buckets in two network namespaces, and a relay that delays."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serlab.analysis.laws.link import Link, LinkCall, crossover, over
from serlab.records.prediction import Prediction
from serlab.records.run import Interval

LAB = Path(__file__).with_name("link_lab.py")
CODECS = ("orjson", "orjson-gzip")
#: Bits per second and round trip: where smaller bodies win, and where the cheaper codec does.
LINKS = ((10e6, 0.0), (10e6, 0.02), (100e6, 0.0), (100e6, 0.02))


@pytest.fixture(scope="module")
def measured() -> Any:
    for tool in ("unshare", "ip", "tc"):
        if shutil.which(tool) is None:
            pytest.skip(f"a link is made with {tool}, which is not installed")
    probe = [
        "unshare",
        "-n",
        "sh",
        "-c",
        "ip link set lo up && tc qdisc add dev lo root tbf rate 1mbit burst 5k latency 1s",
    ]
    allowed = subprocess.run(probe, capture_output=True, text=True, check=False)
    if allowed.returncode:
        pytest.skip(f"network namespaces are not allowed here: {allowed.stderr.strip()}")
    command = ["unshare", "-n", sys.executable, str(LAB), "1x20000:float32", json.dumps(CODECS), json.dumps(LINKS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def predicted(measured: Any, link: Link) -> dict[str, LinkCall]:
    """What the calls would take over ``link``, from what they took without one."""
    found = {}
    for codec, (seconds, request, response) in measured["bare"].items():
        total = Interval(seconds, seconds, seconds, 0)
        found[codec] = over(link, Prediction("p", codec, "rest-numbers", request, response, 0.0, seconds, 0.0, total))
    return found


def test_the_predicted_winner_is_the_measured_one_in_every_cell(measured: Any) -> None:
    for (bits, round_trip), took in zip(LINKS, measured["links"], strict=True):
        calls = predicted(measured, Link(bits, round_trip))
        winner = min(calls, key=lambda codec: calls[codec].total_s)
        assert winner == min(took, key=lambda codec: took[codec]), f"{bits:.0f} bit/s, {round_trip} s: {took}"
    winners = [min(took, key=lambda codec: took[codec]) for took in measured["links"]]
    assert winners == ["orjson-gzip", "orjson-gzip", "orjson", "orjson"]


def test_no_call_is_faster_than_its_bodies_can_cross(measured: Any) -> None:
    for (bits, round_trip), took in zip(LINKS, measured["links"], strict=True):
        for codec, (_, request, response) in measured["bare"].items():
            # A bucket that is full lets a little through at once.
            assert took[codec] > 0.8 * Link(bits, round_trip).added_s(request, response)


def test_the_crossover_lies_between_the_two_bandwidths(measured: Any) -> None:
    calls = predicted(measured, Link(float("inf")))
    found = crossover(calls["orjson"], calls["orjson-gzip"])
    assert found is not None
    assert (found.smaller, found.cheaper) == ("orjson-gzip", "orjson")
    assert 10e6 < found.bits_per_s < 100e6
