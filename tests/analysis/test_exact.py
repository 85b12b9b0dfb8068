from __future__ import annotations

from dataclasses import replace

from serlab.analysis.exact import compare_gates, compare_memory, copies, least
from serlab.records.run import Case, Exactness, Gate, MemoryProfile

GATE = Gate("image", "orjson", Exactness(10, {"exact": 10}), 500, {"body": 400})
PROFILE = MemoryProfile(Case("image", "orjson", "encode"), 1000, 1100, 0, 1200, 3, "x.bin")


def test_nothing_differs_from_itself() -> None:
    assert compare_gates([GATE], [GATE]) == ()
    assert compare_memory([PROFILE], [PROFILE]) == ()


def test_an_extra_copy_shows_whatever_the_machine_does() -> None:
    more = replace(PROFILE, allocated_bytes=2200, peak_bytes=2100)
    found = {entry.quantity: (entry.base, entry.head, entry.worse) for entry in compare_memory([PROFILE], [more])}
    assert found["copies of the payload"] == ("1", "2", True)
    assert found["peak bytes"] == ("1,100", "2,100", True)
    assert all(not entry.worse for entry in compare_memory([more], [PROFILE]))
    assert copies(more) == 2


def test_a_byte_more_in_a_body_and_a_value_less_are_told() -> None:
    longer = replace(GATE, request_bytes=501)
    assert [(e.quantity, e.worse) for e in compare_gates([GATE], [longer])] == [("request", True)]
    lossy = replace(GATE, exactness=Exactness(10, {"exact": 9, "rounded": 1}, worst_ulp=1))
    (entry,) = compare_gates([GATE], [lossy])
    assert (entry.base, entry.head, entry.worse) == ("10 exact", "9 exact, 1 rounded", True)
    broken = replace(GATE, exactness=Exactness(10, {}, failure="no"))
    assert [(e.kind, e.worse) for e in compare_gates([lossy], [broken])] == [("exactness", True)]
    assert [(e.kind, e.worse) for e in compare_gates([broken], [GATE])] == [("exactness", False)]


def test_cases_that_only_one_side_has_and_other_payloads_are_no_difference() -> None:
    assert compare_gates([GATE], [replace(GATE, codec="json")]) == ()
    assert compare_memory([PROFILE], [replace(PROFILE, raw_bytes=9)]) == ()


def test_the_least_profile_is_what_a_call_needs() -> None:
    assert least([replace(PROFILE, allocated_bytes=1300), PROFILE]) == PROFILE
