"""The commands for load and the experiments around it: wrong use, and small runs against a live server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from serlab.__main__ import build_app
from serlab.errors import SerlabError
from serlab.measure.target import Target
from serlab.records.load import LoadReport
from serlab.records.store import list_runs
from tests.command_line import serlab


def address(target: Target) -> str:
    grpc, rest = (each.rpartition(":")[2] for each in (target.endpoint.grpc, target.endpoint.rest))
    return f"127.0.0.1:{grpc}:{rest}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["load", "--concurrency", "many"], "--concurrency 'many' does not parse"),
        (["load", "--concurrency", "0"], "give 1 or more"),
        (["load", "--rate", "-5"], "cannot be sent"),
        (["load", "--rate", "10", "--concurrency", "1,2"], "give --concurrency one number"),
        (["load", "--arrivals", "weekly"], "choose poisson or constant"),
        (["load", "--codec", "raw"], "sent over no transport"),
        (["load", "--codec", "orjsen"], "unknown codec 'orjsen'"),
        (["load", "--window", "0s"], "does not parse"),
        (["load", "--rate", "10", "--processes", "9", "--concurrency", "2"], "9 processes cannot share 2 connections"),
        (["batching", "--max-batch-size", "7"], "no signature for max_batch_size 7"),
        (["batching", "--by", "magic"], "choose graph or server"),
        (["gateway", "--print-config", "--serving", "embedded"], "is not HOST:GRPC_PORT:REST_PORT"),
        (["upload", "--codec", "raw"], "sent over no transport"),
        (["multiplex", "--codec", "wire,raw"], "sent over no transport"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_told_before_a_server_is_started(arguments: list[str], words: str, tmp_path: Path) -> None:
    results = [] if "--print-config" in arguments else ["--results", str(tmp_path)]
    with pytest.raises(SerlabError, match=re.escape(words)):
        build_app()([*arguments, *results], standalone_mode=False)
    assert list_runs(tmp_path) == []


def test_wrong_use_ends_with_2_and_no_traceback(tmp_path: Path) -> None:
    done = serlab("load", "--concurrency", "many", "--results", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("serlab: --concurrency 'many' does not parse")


def test_the_printed_config_is_for_the_named_server() -> None:
    done = serlab("gateway", "--print-config", "--serving", "models:8500:8501")
    assert done.returncode == 0
    assert "server models:8500;" in done.stdout
    assert "listen 127.0.0.1:9500 http2;" in done.stdout


def run_json(target: Target, results: Path, command: str, *arguments: str) -> Any:
    common = ("--serving", address(target), "--model", "echo", "--results", str(results), "--quiet", "--json")
    done = serlab(command, *arguments, *common)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_load_keeps_its_steps_and_prints_what_the_rounds_come_to(live_target: Target, tmp_path: Path) -> None:
    brief = ("--rounds", "2", "--warmup", "0.1s", "--window", "0.1s", "--windows", "3")
    few = ("--payload", "2x8:float32", "--codec", "orjson", "--concurrency", "1,2")
    found = run_json(live_target, tmp_path, "load", *few, *brief)
    assert [summary["spec"]["concurrency"] for summary in found["summaries"]] == [1, 2]
    assert all(summary["rounds"] == 2 and summary["calls"] for summary in found["summaries"])
    assert [knee["codec"] for knee in found["knees"]] == ["orjson"]
    (run,) = list_runs(tmp_path)
    assert len(run.read_part("load", LoadReport, LoadReport()).steps) == 4
    info = run.read_info()
    assert info.finished
    assert info.instance["kind"] == "remote"


def test_load_at_a_rate_prints_a_table_with_its_origin(live_target: Target, tmp_path: Path) -> None:
    done = serlab(
        "load", "--payload", "2x8:float32", "--codec", "orjson", "--rate", "50", "--arrivals", "constant",
        "--pre-encode", "--rounds", "1", "--warmup", "0.1s", "--window", "0.1s", "--windows", "3",
        "--serving", address(live_target), "--model", "echo", "--results", str(tmp_path), "--quiet",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "50/s, constant" in done.stdout
    assert "remote instance" in done.stdout
    assert "needs 662" in done.stdout


def test_multiplex_and_upload_run(live_target: Target, tmp_path: Path) -> None:
    few = ("--payload", "2x8:float32", "--large", "none", "--calls", "2", "--rounds", "1")
    shared = run_json(live_target, tmp_path, "multiplex", *few, "--codec", "orjson")
    assert [summary["connections"] for summary in shared["summaries"]] == [1, 2]
    sent = run_json(live_target, tmp_path, "upload", "--payload", "2x8:float32", "--codec", "orjson,json-chunked")
    assert [profile["chunked"] for profile in sent["profiles"]] == [False, True]
    assert len(list_runs(tmp_path)) == 2
