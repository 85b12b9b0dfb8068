"""What a run says of itself once an experiment has ended, and how to go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from serlab.errors import StoreError, UsageError
from serlab.lab.bench import resumed_run
from serlab.lab.claims import run_to_resume
from serlab.lab.experiment import finish
from serlab.lab.keeping import kept_words
from serlab.measure.new_run import begin_run
from serlab.records.store import RunFolder


def run_of(results: Path, profile: str) -> RunFolder:
    return begin_run(results, profile=profile, seed=1, payloads=(), codecs=())


def test_a_run_with_failures_is_not_finished_and_one_that_leaves_out_what_cannot_be_is(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "gateway")
    finish(folder, "gateway", {}, ["wire: reset"], left_out=["raw is not sent"])
    assert (folder.read_info().finished, folder.read_info().missing) == ("", ("raw is not sent", "wire: reset"))
    finish(folder, "gateway", {}, left_out=["raw is not sent"])
    assert folder.read_info().finished
    assert folder.read_info().missing == ("raw is not sent",)


def test_a_run_that_cannot_be_gone_on_with_says_how_to_measure_it_anew(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "gateway")
    folder.write_info(replace(folder.read_info(), command="serlab gateway --codec wire"))
    (words,) = [words for words in kept_words() if str(tmp_path) in words]
    assert words.endswith("measure anew with: serlab gateway --codec wire")
    with pytest.raises(UsageError, match="no benchmark to go on with: it was made by serlab gateway"):
        resumed_run(tmp_path, folder.name, {})


@pytest.mark.parametrize(
    ("command", "next_command"),
    [
        ("serlab claims --quick", "serlab claims --quick --resume --run RUN"),
        ("serlab claims -- --port=1", "serlab claims --resume --run RUN -- --port=1"),
        ("serlab claims --resume --run RUN", "serlab claims --resume --run RUN"),
    ],
)
def test_claims_are_gone_on_with_by_the_same_command(tmp_path: Path, command: str, next_command: str) -> None:
    folder = run_of(tmp_path, "claims")
    assert replace(folder.read_info(), command=command).next_command("RUN") == next_command


def test_the_newest_unfinished_run_of_claims_is_resumed(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run of claims"):
        run_to_resume(None, tmp_path)
    folder, other = run_of(tmp_path, "claims"), run_of(tmp_path, "gateway")
    assert run_to_resume(None, tmp_path) == str(folder.path)
    assert run_to_resume(folder.name, tmp_path) == folder.name
    with pytest.raises(UsageError, match="no run of claims to go on with"):
        run_to_resume(other.name, tmp_path)
    finish(folder, "claims", {})
    with pytest.raises(StoreError, match="unfinished"):
        run_to_resume(None, tmp_path)
