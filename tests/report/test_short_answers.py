from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from serlab.analysis.precision_causes import causes
from serlab.records.law import Route
from serlab.records.precision import Alteration, PrecisionCell, PrecisionReport
from serlab.records.prediction import Order, Prediction, Predictions
from serlab.records.run import Exactness, Interval
from serlab.records.run_data import RunData
from serlab.report import answer_words, elsewhere_words, short_answers
from serlab.report import precision_words as brief
from serlab.report.blocks import Link, plain
from serlab.report.sections import body_size, endtoend
from serlab.report.source import Source
from serlab.report.tables.run_screen import print_screen


def cell(codec: str, value_class: str, verdict: str = "", elements: int = 2000) -> PrecisionCell:
    exactness = Exactness(2000, {"exact": 2000 - elements, verdict: elements} if verdict else {"exact": 2000})
    altered = (Alteration(verdict, elements, verdict != "rejected", ()),) if verdict else ()
    return PrecisionCell("live", codec, "rest", "float64", value_class, "both", None, exactness, (), altered, 1, 0.1)


def precision(*cells: PrecisionCell) -> PrecisionReport:
    return PrecisionReport("2026-01-01T00:00:00+00:00", 1, 10, cells, instance={"kind": "embedded", "version": "x"})


def test_what_float64_loses_over_rest_begins_with_ordinary_values(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    report = precision(
        cell("json", "subnormal", "flushed"),
        cell("json", "unit", "rounded", 200),
        cell("json", "quiet NaN", "canonical"),
        cell("json", "infinity", "rejected"),
        cell("base64", "unit"),
    )
    told = short_answers.loses(make_source(run_data, precision=report))
    assert told == (
        "Nothing is lost with base64. With json, silently rounded: 10.0 % of numbers in [0, 1); silently flushed: "
        f"subnormal; rejected: infinity. {brief.AS_REAL}"
    )


def test_every_loss_is_told_of_the_codecs_that_have_it_and_of_no_others(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    every = ("json", "json-orjson-list", "orjson", "json-simdjson")
    report = precision(
        *(cell(codec, "subnormal", "flushed") for codec in every),
        *(cell(codec, "quiet NaN", "rejected") for codec in every[1:]),
        cell("json", "quiet NaN", "canonical"),
        cell("orjson", "infinity", "rejected"),
        replace(cell("orjson", "zero", "rejected"), dtype="float32"),
        cell("base64", "unit"),
    )
    told = short_answers.loses(make_source(run_data, precision=replace(report, instance={})))
    assert told == (
        "Nothing is lost with base64. With the other 4 over REST, silently flushed: subnormal; rejected: "
        "NaN (all of them but json), infinity (orjson)."
    )
    named = [brief.cause_statement(cause, report) for cause in causes(report)]
    assert any(line.endswith("rejected: float64 (infinity) with orjson.") for line in named) is False
    (refused,) = (line for line in named if "rejected" in line)
    assert "float64 (quiet NaN) with json-orjson-list and json-simdjson" in refused
    assert "json " not in refused.partition(": rejected")[2]


def test_what_nobody_looked_at_is_not_told(source: Source) -> None:
    assert short_answers.loses(source) == ""


def test_memory_names_who_holds_it_how_much_and_how_many_times_the_tensor(source: Source) -> None:
    told = short_answers.memory(source)
    assert told.startswith(
        "json with image: encoding holds 3,000 B, 3.00× the tensor: 2,000 B (67 %) in encode and 1,000 B (33 %) in "
    )


def law(*swapped: tuple[str, str]) -> Predictions:
    return Predictions("some-law", "s", False, (), (Order("image", ("a", "b"), ("b", "a"), swapped),))


def test_codecs_that_change_places_are_named_and_the_others_are_a_link() -> None:
    pieces = tuple(elsewhere_words.places(law(("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"))))
    assert plain(pieces) == ("There a overtakes b (image), c overtakes d (image) and 2 more pairs change places.")
    assert Link("and 2 more pairs change places", "#swaps-table") in pieces
    one = plain(tuple(elsewhere_words.places(law(("a", "b")))))
    assert one == "There a overtakes b (image)."
    assert plain(tuple(elsewhere_words.places(law()))) == "The order of codecs is the same there."


def would_take(codec: str, route: Route, seconds: float) -> Prediction:
    total = Interval(seconds, 0.9 * seconds, 1.1 * seconds, 0)
    return Prediction("image", codec, route, 1, 1, 0.0, seconds, 0.0, total)


def test_a_run_on_the_labs_own_server_begins_with_what_tensorflow_serving_would_take(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    each = (
        would_take("not-compared", "grpc", 1e-3),
        would_take("orjson", "rest-numbers", 2e-3),
        would_take("json", "rest-numbers", 25e-3),
    )
    order = Order("image", ("not-compared", "orjson", "json"))
    found = Predictions("some-law", "s", False, each, (order,))
    source = make_source(run_data, predictions=found)
    assert plain(answer_words.headline(source)) == (
        "On TensorFlow Serving, a call with image would take about 12.5× [10.8, 14.4] less time with orjson over REST "
        "than with json."
    )
    told = {fact.name: plain(fact.answer) for fact in answer_words.facts(source)}
    assert told["Predicted for TensorFlow Serving"] == (
        "image 2.00 ms [1.80 ms, 2.20 ms] with orjson over REST, 12.5× [10.8, 14.4] less than with json; "
        "25.0 ms [22.5 ms, 27.5 ms] with json, 0 % of it encode "
        "and decode. From the law some-law. The order of codecs is the same there."
    )
    real = make_source(run_data, predictions=replace(found, own=True))
    assert plain(answer_words.headline(real)).startswith("A call with image takes ")
    assert not any(fact.name.startswith("Predicted") for fact in answer_words.facts(real))


def test_a_predicted_saving_whose_interval_holds_none_is_not_claimed(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    each = (would_take("orjson", "rest-numbers", 2e-3), would_take("json", "rest-numbers", 2.2e-3))
    found = Predictions("some-law", "s", False, each, (Order("image", ("orjson", "json")),))
    told = plain(answer_words.headline(make_source(run_data, predictions=found)))
    assert told.endswith("1.10× [0.95, 1.27] less time with orjson over REST than with json: too close to call.")


def test_no_figure_of_one_server_stands_in_a_row_of_the_other(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    each = (would_take("orjson", "rest-numbers", 2.345e-3), would_take("json", "rest-numbers", 45.67e-3))
    found = Predictions("some-law", "s", False, each, (Order("image", ("orjson", "json")),))
    told = {fact.name: plain(fact.answer) for fact in answer_words.facts(make_source(run_data, predictions=found))}
    predicted = told.pop("Predicted for TensorFlow Serving")
    figures = [predicted.split()[1], "45.7"]
    assert all(figure in predicted for figure in figures)
    (measured,) = (text for name, text in told.items() if name.startswith("Measured on "))
    assert not any(figure in text for text in (measured, *told.values()) for figure in figures)


def busy(data: RunData) -> RunData:
    """The run, with two things to mind beside its noise."""
    return replace(data, info=replace(data.info, missing=("the first thing", "the second thing")))


def test_no_remark_is_hidden(run_data: RunData, make_source: Callable[..., Source]) -> None:
    source = make_source(busy(run_data))
    (mind,) = answer_words.first_remark(source)
    more = len(answer_words.remarks(source)) - 1
    assert plain(mind.answer).startswith(f"the first thing And {more} more remark")
    assert isinstance(mind.answer, tuple)
    assert isinstance(mind.answer[-1], Link)
    out = io.StringIO()
    print_screen(source, Console(file=out, width=200))
    for remark in answer_words.remarks(source):
        assert f"Mind: {remark}" in " ".join(out.getvalue().split())


@pytest.mark.parametrize(
    ("instance", "server"),
    [
        ({}, "no server"),
        ({"kind": "embedded"}, "the embedded server"),
        ({"kind": "docker"}, "TensorFlow Serving"),
        ({"kind": "remote", "model": "resnet", "call": {"model": "resnet"}}, "the server"),
    ],
)
def test_a_title_names_payloads_model_codecs_server_and_day(
    run_data: RunData, make_source: Callable[..., Source], instance: dict[str, object], server: str
) -> None:
    title = make_source(replace(run_data, info=replace(run_data.info, instance=instance))).title
    model = ", model resnet" if "call" in instance else ""
    assert title == f"image{model}, 3 codecs, {server}, 2026-01-02"


def test_many_payloads_are_counted_in_a_title(run_data: RunData, make_source: Callable[..., Source]) -> None:
    (payload,) = run_data.info.payloads
    several = tuple(replace(payload, name=f"p{number}") for number in range(5))
    title = make_source(replace(run_data, info=replace(run_data.info, payloads=several))).title
    assert title.startswith("p0, p1 and 3 more payloads, ")


def test_a_response_has_one_size_wherever_it_is_told(source: Source) -> None:
    sections = (body_size.build(source), endtoend.build(source))
    bodies, ledger = (section.figures[0].table for section in sections)
    assert bodies
    assert ledger
    titles = [[column.title for column in found.columns] for found in (bodies, ledger)]
    at = [found.index(name) for found, name in zip(titles, ("response, B", "response"), strict=True)]
    told = {(row[0].text, row[1].text): row[at[0]].sort for row in bodies.rows}
    live = {(row[0].text, row[1].text): row[at[1]].sort for row in ledger.rows}
    assert live
    assert all(told[key] == size for key, size in live.items())
