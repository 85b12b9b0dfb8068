from __future__ import annotations

from collections.abc import Callable

from serlab.records.precision import Alteration, PrecisionCell, PrecisionReport
from serlab.records.prediction import Order, Predictions
from serlab.records.run import Exactness
from serlab.records.run_data import RunData
from serlab.report import answer_words, short_answers
from serlab.report.blocks import Link, plain
from serlab.report.source import Source


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
    assert "json encoding image peaks at 3,000 B, 3.00× the tensor, 2,000 B in encode" in told


def law(*swapped: tuple[str, str]) -> Predictions:
    return Predictions("some-law", "s", False, (), (Order("image", ("a", "b"), ("b", "a"), swapped),))


def test_codecs_that_change_places_are_named_and_the_others_are_a_link() -> None:
    pieces = tuple(answer_words.places(law(("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"))))
    assert plain(pieces) == (
        " There a overtakes b (image), c overtakes d (image) and 2 more pairs change places."
    )  # fmt: skip
    assert Link("and 2 more pairs change places", "#swaps-table") in pieces
    assert plain(tuple(answer_words.places(law(("a", "b"))))) == " There a overtakes b (image)."
    assert plain(tuple(answer_words.places(law()))) == " The order of codecs is the same there."
