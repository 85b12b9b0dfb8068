"""``serlab precision`` from the command line: what it prints, writes, and exits with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from serlab.lab import precision as precision_session
from serlab.measure.precision.lab import PrecisionLab
from serlab.measure.precision.live import LiveServer
from serlab.records.precision import PrecisionReport
from serlab.records.run import Endpoint
from serlab.records.store import list_runs
from tests.command_line import Done, serlab

Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command with results in ``tmp_path``."""
    return partial(serlab, "precision", "--quiet", "--results", str(tmp_path / "results"))


@pytest.fixture
def gone_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live server that is not there any more when it is first called."""

    @contextmanager
    def dead(serving: object) -> Iterator[LiveServer]:
        with LiveServer(Endpoint("embedded", "dead", "", "127.0.0.1:9"), "echo") as server:
            yield server

    monkeypatch.setattr(precision_session, "live_server", dead)


def stored(tmp_path: Path) -> PrecisionReport:
    report = list_runs(tmp_path / "results")[-1].read_part("precision", PrecisionReport, None)
    assert report is not None
    return report


OFFLINE = ("--offline", "--samples", "100")


def test_an_offline_run_prints_a_table_and_is_kept(run: Run, tmp_path: Path) -> None:
    done = run(*OFFLINE, "--codec", "json,base64", "--dtype", "float32", "--dtype", "bool")
    assert done.returncode == 0, done.stderr
    printed = done.stdout
    assert "≈ some canonical" in printed
    assert "✓ exact" in printed
    assert "TensorFlow Serving's own parser" in " ".join(printed.split())
    report = stored(tmp_path)
    assert {c.codec for c in report.cells} == {"json", "base64"}
    assert {c.dtype for c in report.cells} == {"float32", "bool"}
    info = list_runs(tmp_path / "results")[-1].read_info()
    assert (info.profile, bool(info.finished)) == ("precision", True)


def test_json_output_has_cells_findings_and_what_failed(run: Run) -> None:
    done = run(*OFFLINE, "--codec", "orjson", "--dtype", "float64", "--json", "--fail-on", "rejected")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["failed_on"]["rejected"] > 0
    cells = document["report"]["cells"]
    infinity = next(c for c in cells if c["value_class"] == "infinity" and c["leg"] == "request")
    assert infinity["exactness"]["counts"] == {"rejected": 2}
    assert infinity["alterations"][0]["examples"][0]["sent_bits"] == "0x7ff0000000000000"
    assert any("rejected all of infinity" in f["statement"] for f in document["findings"])


@pytest.mark.parametrize(
    ("words", "code"), [("rounded", 0), ("canonical", 1), ("rounded,silent", 1), ("changed-type", 0), ("", 0)]
)
def test_fail_on(run: Run, words: str, code: int) -> None:
    assert run(*OFFLINE, "--codec", "json", "--dtype", "float32", "--fail-on", words).returncode == code


def test_ones_own_tensor(run: Run, tmp_path: Path) -> None:
    tensor = np.ones((3, 4), np.float32)
    tensor[1, 2] = np.nan
    np.save(tmp_path / "mine.npy", tensor)
    done = run("--offline", "--codec", "orjson,base64", "--values", f"@{tmp_path / 'mine.npy'}")
    assert done.returncode == 0, done.stderr
    printed = done.stdout
    assert "1 of 12" in printed
    assert "[1, 2]" in printed
    assert stored(tmp_path).shape == (3, 4)


def test_a_models_own_inputs_are_examined_each_in_its_dtype(run: Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "row.npz", age=np.array([41]), income=np.array([np.nan, 2.5], np.float32), job=np.array([b"a"]))
    done = run("--offline", "--codec", "orjson,wire", "--values", f"@{tmp_path / 'row.npz'}")
    assert done.returncode == 0, done.stderr
    assert "1 of 4" in done.stdout
    report = stored(tmp_path)
    assert {cell.dtype for cell in report.cells} == {"int64", "float32", "string"}
    altered = {cell.value_class for cell in report.cells if not cell.exactness.exact}
    assert altered
    assert all(name.startswith("income: ") for name in altered)


def test_findings_can_be_added_to_a_run(run: Run, tmp_path: Path) -> None:
    assert run(*OFFLINE, "--codec", "raw", "--dtype", "bool").returncode == 0
    folder = list_runs(tmp_path / "results")[-1]
    assert run(*OFFLINE, "--codec", "raw", "--dtype", "int8", "--run", folder.name).returncode == 0
    assert [p.name for p in (tmp_path / "results").glob("*/*")] == [folder.path.name]
    assert {c.dtype for c in stored(tmp_path).cells} == {"int8"}


def test_a_server_that_died_leaves_what_was_found_and_exits_with_1(run: Run, gone_server: None, tmp_path: Path) -> None:
    done = run("--samples", "50", "--codec", "json", "--dtype", "bool")
    assert done.returncode == 1, done.stderr
    assert "Missing: everything live from json bool on: embedded (dead) does not answer" in done.stdout
    report = stored(tmp_path)
    assert {c.place for c in report.cells} == {"offline"}
    assert list_runs(tmp_path / "results")[-1].read_info().missing == report.missing


def test_ctrl_c_keeps_what_was_found(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = PrecisionLab.run

    def stopped(self: PrecisionLab, progress: Callable[[str], None]) -> PrecisionReport:
        def stop_at_int8(step: str) -> None:
            if step == "raw int8":
                raise KeyboardInterrupt
            progress(step)

        return whole(self, stop_at_int8)

    monkeypatch.setattr(PrecisionLab, "run", stopped)
    assert run(*OFFLINE, "--codec", "raw", "--dtype", "bool,int8").returncode == 130
    assert {c.dtype for c in stored(tmp_path).cells} == {"bool"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--codec", "no-such"), "unknown codec 'no-such': choose from"),
        (("--dtype", "float8"), "unknown dtype 'float8': choose from"),
        (("--fail-on", "roundde"), "unknown verdict 'roundde': choose from"),
        (("--samples", "0"), "0 samples cannot be drawn"),
        (("--seed", "-1"), "seed -1 cannot be used"),
        (("--values", "@/no/such/file.npy"), "no such file"),
        (("--values", "image", "--dtype", "float32"), "--values has a dtype of its own"),
        (("--run", "no-such-run"), "unknown run 'no-such-run'"),
    ],
)
def test_wrong_use_is_explained(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run("--offline", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("serving", "message"), [("nowhere", "unknown --serving 'nowhere'"), ("127.0.0.1::9", "nothing listens there")]
)
def test_a_server_that_cannot_be_had_is_explained_and_leaves_no_run(
    run: Run, tmp_path: Path, serving: str, message: str
) -> None:
    done = run("--codec", "raw", "--dtype", "bool", "--serving", serving)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "results").exists()
