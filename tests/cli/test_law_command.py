"""``serlab law``: shown, predicted and, without a word, fitted; mistakes are messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from serlab.__main__ import build_app
from serlab.errors import SerlabError, UnknownNameError, UsageError
from serlab.lab import learning
from serlab.records.law import Law
from serlab.records.law_files import TENSORFLOW_SERVING, find_law
from serlab.serving.base import ServingOptions

REFERENCE = str(Path(__file__).parents[2] / "results")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build_app(), ["law", *arguments])


def test_show_lists_and_tells() -> None:
    assert TENSORFLOW_SERVING in run("show").output.split()
    shown = run("show", TENSORFLOW_SERVING).output
    assert "rest-base64" in shown
    assert "left out" in shown
    assert json.loads(run("show", TENSORFLOW_SERVING, "--json").output)["name"] == TENSORFLOW_SERVING


def test_predict_tells_the_predicted_answer_first() -> None:
    shown = run("predict", "reference", "--results", REFERENCE).output
    lines = shown.strip().splitlines()
    assert lines[0].startswith("predicted for TensorFlow ModelServer 2.20.0")
    assert "is predicted to be fastest" in lines[1]
    assert "measured here" in lines[2]
    found = json.loads(run("predict", "reference", "--results", REFERENCE, "--json").output)
    assert {"predictions", "orders", "left_out"} <= found.keys()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("show", "nothing"), UnknownNameError),
        (("predict", "reference", "--results", REFERENCE, "--link", "fast"), UsageError),
        (("predict", "reference", "--results", REFERENCE, "--law", "nothing"), UnknownNameError),
    ],
)
def test_mistakes_are_messages(arguments: tuple[str, ...], error: type[SerlabError]) -> None:
    assert isinstance(run(*arguments).exception, error)


@pytest.mark.parametrize("words", [[], ["fit"]])
@pytest.mark.parametrize("holds", [True, False])
def test_options_alone_mean_fit_and_a_law_that_does_not_hold_exits_with_1(
    words: list[str], holds: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dataclasses import replace

    law = find_law(TENSORFLOW_SERVING, tmp_path)
    law = replace(law, routes=tuple(replace(route, holds=holds, remarks=("why",)) for route in law.routes))
    asked: list[Any] = []

    def fit(name: str, serving: ServingOptions, *rest: Any) -> tuple[Law, Path]:
        asked.append((name, serving.serving, serving.model))
        return law, tmp_path / "law.json"

    monkeypatch.setattr(learning, "fit_instance", fit)
    done = run(*words, "--serving", "h:1:2", "--model", "mine", "--name", "ours")
    assert asked == [("ours", "h:1:2", "mine")]
    assert done.exit_code == (0 if holds else 1)
    assert "grpc: why" in done.output
