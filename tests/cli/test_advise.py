"""``serlab advise``: tables and JSON from laws; mistakes are messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from serlab.__main__ import build_app
from serlab.errors import SerlabError, UsageError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build_app(), ["advise", *arguments])


def test_from_laws_it_prints_ways_code_and_what_was_not_checked(tmp_path: Path) -> None:
    arguments = ("--payload", "vector-10k", "--from-laws", "--results", str(tmp_path), "--now", "orjson")
    shown = run(*arguments).output
    assert "less than orjson" in shown
    assert "def predict(tensors)" in shown
    assert shown.index("def predict(tensors)") < shown.index("not checked:")
    found = json.loads(run(*arguments, "--json").output)
    assert len(found["ranking"]["choices"]) == 3
    assert {"program", "not_checked", "changes"} <= found.keys()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--payload", "image", "--needs", "nearly"),
        ("--payload", "image", "--optimise", "luck"),
        ("--payload", "image", "--link", "fast"),
        ("--payload", "image", "--transport", "pigeon", "--from-laws"),
        ("--from-laws",),
    ],
)
def test_mistakes_are_messages(arguments: tuple[str, ...]) -> None:
    error = run(*arguments).exception
    assert isinstance(error, SerlabError)
    assert isinstance(error, UsageError)
