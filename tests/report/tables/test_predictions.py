"""Predictions on the terminal: the predicted answer first, the order where it differs, and whose times they are."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from serlab.analysis.laws.link import Link, over
from serlab.records.prediction import Agreement, Order, Prediction, Predictions
from serlab.records.run import Interval
from serlab.report.tables.predictions import print_link, print_predictions

PREDICTED = tuple(
    Prediction(
        "image", codec, "grpc", 600, 600, 1e-3, seconds, 1e-3, Interval(seconds, seconds / 2, seconds * 2, 0), took
    )
    for codec, seconds, took in (("wire", 1e-3, 5e-3), ("base64", 9e-3, 4e-3))
)
ORDER = Order("image", ("wire", "base64"), ("base64", "wire"), (("wire", "base64"),))
FOUND = Predictions(
    "tf", "TF Serving 9", False, PREDICTED, (ORDER,), Agreement(2, 0.4, 0.5, 0.5), Agreement(2, 0.04, 0.1, 1.0, 1.0),
    {"copy": 1.0}, {}, 0.1,
)  # fmt: skip


def shown(found: Predictions) -> list[str]:
    console = Console(width=200, record=True, file=io.StringIO())
    print_predictions(found, console)
    return [line for line in console.export_text().splitlines() if line.strip()]


def test_the_predicted_answer_comes_first_and_the_measured_one_beneath() -> None:
    lines = shown(FOUND)
    assert lines[0].startswith("predicted for TF Serving 9 by law tf, carried to this machine by yardsticks (±20 %)")
    assert "wire is predicted to be fastest, 1.00 ms [500 µs, 2.00 ms]" in lines[1]
    assert "measured here: base64, 4.00 ms" in lines[2]
    assert "order of codecs differs: predicted wire before base64, measured the other way round" in lines[3]
    told = " ".join(lines)
    assert "codecs left out one at a time: median error 4 %, 100 % of 2 calls within 30 %" in told
    assert "law tf: median error" not in told  # two servers have nothing to agree on


def test_a_real_servers_residuals_have_their_meaning() -> None:
    own = replace(FOUND, own=True, predictions=tuple(replace(p, residual=1.0, meaning="stalls") for p in PREDICTED))
    lines = shown(own)
    assert any("2.00×" in line and "stalls" in line for line in lines)
    assert any(line.startswith("law tf: median error 40 %") for line in lines)


def test_what_could_not_be_predicted_says_why() -> None:
    assert shown(replace(FOUND, predictions=(), remarks=("no yardstick",))) == ["no prediction: no yardstick"]


def test_pairs_beyond_the_first_few_are_counted() -> None:
    many = replace(ORDER, swapped=ORDER.swapped * 5)
    assert any(line.endswith(", and 2 pairs more") for line in shown(replace(FOUND, orders=(many,))))


def test_a_link_ranks_the_calls_of_each_payload() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    print_link("10Mbit", [over(Link(1e7), prediction) for prediction in reversed(PREDICTED)], [], console)
    text = console.export_text()
    assert text.index("wire") < text.index("base64")
