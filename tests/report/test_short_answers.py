from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from serlab.records.law import Route
from serlab.records.precision import Alteration, PrecisionCell, PrecisionReport
from serlab.records.prediction import Order, Prediction, Predictions
from serlab.records.run import Exactness, Interval
from serlab.records.run_data import RunData
from serlab.report import answer_words, elsewhere_words, short_answers
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
    assert told.startswith("Rounded: 10.0 % of numbers in [0, 1), silently, by ")
    assert "Also subnormal flushed; infinity rejected." in told
    assert told.endswith("Nothing is lost with base64.")
    assert "canonical" not in told


def test_what_nobody_looked_at_is_not_told(source: Source) -> None:
    assert short_answers.loses(source) == ""


def test_memory_names_who_holds_it_how_much_and_how_many_times_the_tensor(source: Source) -> None:
    told = short_answers.memory(source)
    assert "json encoding image peaks at 3,000 B, 3.00× the tensor, of which 2,000 B in encode." in told


def law(*swapped: tuple[str, str]) -> Predictions:
    return Predictions("some-law", "s", False, (), (Order("image", ("a", "b"), ("b", "a"), swapped),))


def test_codecs_that_change_places_are_named_and_the_others_are_a_link() -> None:
    pieces = tuple(elsewhere_words.places(law(("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"))))
    assert plain(pieces) == (
        "The order of codecs is another there: a overtakes b (image), c overtakes d (image) "
        "and 2 more pairs change places."
    )
    assert Link("and 2 more pairs change places", "#swaps-table") in pieces
    one = plain(tuple(elsewhere_words.places(law(("a", "b")))))
    assert one == "The order of codecs is another there: a overtakes b (image)."
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
    told = [plain(sentence) for sentence in answer_words.headline(make_source(run_data, predictions=found))]
    assert told[0] == (
        "On TensorFlow Serving, a call with image would take about 12.0× less time with orjson over REST "
        "than with json."
    )
    assert told[1].startswith("Predicted by the law of some-law: 2.00 ms (1.80 ms to 2.20 ms), instead of 25.0 ms")
    assert told[3].startswith("Measured on the lab's own server: a call with image takes ")
    real = replace(found, own=True)
    told = [plain(sentence) for sentence in answer_words.headline(make_source(run_data, predictions=real))]
    assert told[0].startswith("A call with image takes ")


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
