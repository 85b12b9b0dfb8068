from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from serlab.__main__ import build_app
from serlab.errors import SerlabError


def serlab(*arguments: str) -> tuple[int, str, BaseException | None]:
    done = CliRunner().invoke(build_app(), ["claims", *arguments])
    return done.exit_code, done.stdout, done.exception


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """One offline run of claims that take no time, as JSON."""
    results = tmp_path_factory.mktemp("results")
    code, output, _ = serlab(
        "--offline", "--quick", "--quiet", "--json", "--only", "size-raw,size-json,message-limit", "--results",
        str(results),
    )  # fmt: skip
    assert code == 0
    return results, json.loads(output)["results"]


def test_each_claim_has_its_row_and_what_needs_a_server_says_so(
    measured: tuple[Path, list[dict[str, Any]]],
) -> None:
    told = {row["claim"]["id"]: row["judgement"] for row in measured[1]}
    assert list(told) == ["size-raw", "size-json", "message-limit"]
    assert told["size-raw"]["verdict"] == "reproduced"
    assert told["size-json"]["measured"][0]["value"]["median"] > 2_500_000
    assert told["message-limit"]["verdict"] == "not testable here"
    assert "--offline" in told["message-limit"]["needs"]


def test_evidence_files_lie_where_the_table_says(measured: tuple[Path, list[dict[str, Any]]]) -> None:
    (run,) = measured[0].glob("*/*")
    for row in measured[1]:
        assert (run / str(row["evidence"])).is_file()


def test_a_run_is_judged_again_without_measuring(measured: tuple[Path, list[dict[str, Any]]]) -> None:
    (run,) = measured[0].glob("*/*")
    code, output, _ = serlab("--from", str(run), "--json")
    assert code == 0
    assert json.loads(output)["results"] == measured[1]
    code, output, _ = serlab("--from", str(run), "--markdown")
    assert code == 0
    assert "| 602,112 B | 602,112 B, float32 [1,224,224,3] | reproduced |" in output


def test_judging_again_follows_the_evidence(measured: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    import shutil

    (run,) = measured[0].glob("*/*")
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    file = copy / "claims" / "sizes.json"
    file.write_text(file.read_text().replace("602112.0", "602113.0"))
    _, output, _ = serlab("--from", str(copy), "--json")
    assert json.loads(output)["results"][0]["judgement"]["verdict"] == "not reproduced"


def test_a_claim_that_does_not_exist_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    code, _, error = serlab("--only", "size-row", "--results", str(tmp_path))
    assert code != 0
    assert isinstance(error, SerlabError)
    assert "size-raw" in str(error)
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_claims_cannot_be_judged(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    code, _, error = serlab("--from", str(tmp_path))
    assert code != 0
    assert isinstance(error, SerlabError)


def test_a_server_that_is_not_there_leaves_no_run_behind(tmp_path: Path) -> None:
    code, _, error = serlab(
        "--serving", "127.0.0.1:9:9", "--only", "message-limit", "--quiet", "--results", str(tmp_path)
    )
    assert code != 0
    assert "nothing listens there" in str(error)
    assert list(tmp_path.iterdir()) == []
