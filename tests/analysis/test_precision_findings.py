"""Cells become findings: each alteration once, on the leg and with the culprit where it happened."""

from __future__ import annotations

import pytest

from serlab.analysis.precision_findings import findings, parse_words, unwanted
from serlab.errors import UnknownNameError
from serlab.records.precision import Alteration, Example, PrecisionCell, PrecisionReport
from serlab.records.run import Exactness


def cell(
    place: str = "live",
    leg: str = "request",
    codec: str = "orjson",
    verdict: str = "rounded",
    elements: int = 18,
    *,
    value_class: str = "unit",
    silent: bool = True,
    said: str = "",
    form: str | None = None,
) -> PrecisionCell:
    counts = {"exact": 100 - elements} | ({verdict: elements} if elements else {})
    alteration = Alteration(verdict, elements, silent, (Example((4,), "0.1", "0x1", "0.2", "0x2", 2),), said)
    rounded = verdict == "rounded" and elements
    return PrecisionCell(
        place, codec, "rest", "float64", value_class, leg, form,  # type: ignore[arg-type]
        Exactness(100, counts, worst_ulp=2 if rounded else 0),
        ((1, elements - 1), (2, 1)) if rounded else (),
        (alteration,) if elements else (),
        1,
        0.1,
    )  # fmt: skip


def report(*cells: PrecisionCell) -> PrecisionReport:
    return PrecisionReport("2026-01-01T00:00:00+00:00", 1, 100, cells)


def test_what_happens_only_live_is_the_servers_doing() -> None:
    (found,) = findings(report(cell("offline", elements=0), cell("live")))
    assert (found.culprit, found.leg, found.verdict, found.codecs) == ("server", "request", "rounded", ("orjson",))
    (share,) = found.shares
    assert (share.altered, share.elements, share.nearest_ulp, share.worst_ulp) == (18, 100, 1, 2)


def test_what_happens_with_no_server_is_the_codecs_doing() -> None:
    (found,) = findings(report(cell("offline"), cell("live")))
    assert found.culprit == "codec"


def test_more_of_it_live_than_offline_is_the_servers_doing() -> None:
    (found,) = findings(report(cell("offline", elements=3), cell("live", elements=18)))
    assert found.culprit == "server"


def test_the_same_word_on_another_leg_does_not_excuse_the_server() -> None:
    (found,) = findings(report(cell("offline", "response"), cell("offline", elements=0), cell("live")))
    assert (found.culprit, found.leg) == ("server", "request")


def test_codecs_that_behave_alike_are_joined_and_others_are_not() -> None:
    found = findings(report(cell(codec="json"), cell(codec="orjson"), cell(codec="other", elements=7)))
    assert [f.codecs for f in found] == [("json", "orjson"), ("other",)]


def test_joined_codecs_keep_their_own_words() -> None:
    rejected = [cell(codec=c, verdict="rejected", said=f"{c} says no", silent=False) for c in ("json", "orjson")]
    (found,) = findings(report(*rejected))
    assert found.said == ("json says no", "orjson says no")


def test_a_round_trip_is_reported_only_where_its_legs_were_not_looked_at() -> None:
    assert [f.leg for f in findings(report(cell(leg="both"), cell(leg="request")))] == ["request"]
    assert [f.leg for f in findings(report(cell(leg="both")))] == ["both"]


def test_classes_are_gathered_with_their_examples() -> None:
    (found,) = findings(report(cell(value_class="unit"), cell(value_class="normal")))
    assert [share.value_class for share in found.shares] == ["unit", "normal"]
    assert [name for name, _ in found.examples] == ["unit", "normal"]


def test_forms_are_told_apart_offline_and_a_live_answer_is_held_against_values() -> None:
    forms = [cell("offline", "response", elements=0, form="values"), cell("offline", "response", form="content")]
    (content,) = findings(report(*forms))
    assert content.codecs == ("orjson (content)",)
    assert findings(report(*forms, cell("live", "response")))[0].culprit == "server"


def test_an_exact_report_has_no_findings() -> None:
    assert findings(report(cell(elements=0))) == []


def test_unwanted_counts_values_by_word_and_silent_beside_them() -> None:
    cells = report(cell(), cell("offline", verdict="flushed", elements=2, silent=False))
    assert unwanted(cells, ("rounded", "flushed", "silent", "wrapped")) == {"rounded": 18, "flushed": 2, "silent": 18}
    assert unwanted(cells, ()) == {}


def test_words_of_fail_on() -> None:
    assert parse_words("rounded, changed-type,silent") == ("rounded", "changed type", "silent")
    assert parse_words("") == ()
    for word in ("exact", "roundde"):
        with pytest.raises(UnknownNameError, match="flushed"):
            parse_words(word)
