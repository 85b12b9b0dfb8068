from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyperf
import pytest

from serlab.errors import StoreError
from serlab.records.run import Case
from serlab.records.store import RunFolder
from serlab.records.suites import read_suite

SUITE = Path(__file__).parents[1] / "data" / "run-schema-1" / "time" / "encode.json"


def worker_file(
    path: Path, round_number: int, *, codec: str = "orjson", values: tuple[float, ...] = (0.5, 0.25)
) -> Path:
    metadata = {"name": f"encode/image/{codec}", "loops": 4, "unit": "second", "serlab_payload": "image",
                "serlab_codec": codec, "serlab_op": "encode", "serlab_round": round_number}  # fmt: skip
    run = pyperf.Run(values, warmups=[(4, 1.0)], metadata=metadata, collect_metadata=False)
    pyperf.Benchmark([run]).dump(str(path), replace=True)
    return path


def test_runs_come_back_as_they_were_timed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "box" / "run")
    for number in range(3):
        folder.add_timed("encode", read_suite(worker_file(tmp_path / "worker.json", number)))
    runs = folder.read_runs()
    assert [run.round for run in runs] == [0, 1, 2]
    assert {(run.case, run.loops, run.values_s, run.timed_s) for run in runs} == {
        (Case("image", "orjson", "encode"), 4, (0.5, 0.25), 4 * 1.0 + 4 * 0.75)
    }
    assert folder.read_loops() == {Case("image", "orjson", "encode"): 4}


def test_the_suite_put_together_is_pyperfs_and_says_the_same(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "box" / "run")
    for number in range(2):
        for codec in ("orjson", "raw"):
            folder.add_timed("encode", read_suite(worker_file(tmp_path / "worker.json", number, codec=codec)))
    folder.write_suites()
    path = folder.path / "time" / "encode.json"
    suite = pyperf.BenchmarkSuite.load(str(path))
    assert {benchmark.get_name(): benchmark.get_nrun() for benchmark in suite.get_benchmarks()} == {
        "encode/image/orjson": 2, "encode/image/raw": 2,
    }  # fmt: skip
    runs = folder.read_runs()
    (folder.path / "time" / "encode.jsonl").unlink()
    assert sorted(folder.read_runs(), key=str) == sorted(runs, key=str)  # as a published copy has them


def test_a_suite_of_pyperfs_own_reads_as_pyperf_reads_it(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "box" / "run")
    (folder.path / "time").mkdir(parents=True)
    shutil.copy(SUITE, folder.path / "time" / "encode.json")
    expected = [
        (benchmark.get_name(), run.values, run.get_loops())
        for benchmark in pyperf.BenchmarkSuite.load(str(SUITE)).get_benchmarks()
        for run in benchmark.get_runs()
        if run.values
    ]
    assert [(run.case.id, run.values_s, run.loops) for run in folder.read_runs()] == expected


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda suite: [suite], "object"),
        (lambda suite: suite | {"benchmarks": "many"}, "benchmarks"),
        (lambda suite: suite | {"benchmarks": ["one"]}, "benchmarks"),
        (lambda suite: suite | {"benchmarks": [{"runs": [None]}]}, "runs"),
        (lambda suite: suite | {"benchmarks": [{"runs": [{"values": [1e308]}]}]}, "values"),
        (lambda suite: suite | {"benchmarks": [{"runs": [{"values": [-1.0]}]}]}, "values"),
        (lambda suite: suite | {"metadata": suite["metadata"] | {"serlab_round": "first"}}, "serlab_round"),
        (lambda suite: suite | {"metadata": suite["metadata"] | {"serlab_op": "sideways"}}, "serlab_op"),
    ],
)
def test_a_suite_that_is_none_is_named_with_its_field(tmp_path: Path, change: Any, field: str) -> None:
    folder = RunFolder(tmp_path / "box" / "run")
    folder.add_timed("encode", read_suite(worker_file(tmp_path / "worker.json", 0)))
    folder.write_suites()
    (folder.path / "time" / "encode.jsonl").unlink()
    path = folder.path / "time" / "encode.json"
    suite = json.loads(path.read_text())
    suite["metadata"] = {**suite["benchmarks"][0].get("metadata", {}), **suite.get("metadata", {})}
    for benchmark in suite["benchmarks"]:
        benchmark.pop("metadata", None)
        for run in benchmark["runs"]:
            run.pop("metadata", None)
    path.write_text(json.dumps(change(suite)))
    with pytest.raises(StoreError, match=rf"time/encode.*{field}"):
        folder.read_runs()
