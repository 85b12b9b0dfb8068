from __future__ import annotations

import json

import pytest

from serlab.errors import StoreError, UnknownNameError
from serlab.measure.plan import Plan, find_profile
from serlab.records.run import Case

IMAGE = Case("image", "json", "encode")


def test_a_plan_survives_the_way_through_json() -> None:
    plan = Plan("smoke", ("image",), ("json", "raw"), ("time",), seed=3, budget_s=9.5, flamegraphs="none")
    assert Plan.from_record(json.loads(json.dumps(plan.as_record()))) == plan


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"profile": "smoke", "payloads": "image"},
        {"profile": "smoke", "payloads": [], "codecs": [], "parts": ["luck"]},
    ],
)
def test_a_record_that_is_no_plan_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(StoreError, match="resumed"):
        Plan.from_record(record)


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [("image", True), ("all", True), ("none", False), ("encode/image/json", True), ("vector-1k", False)],
)
def test_flamegraphs_are_drawn_for_the_payload_the_case_or_all(choice: str, wanted: bool) -> None:
    assert Plan("smoke", ("image",), ("json",), flamegraphs=choice).wants_flamegraph(IMAGE) is wanted


def test_a_budget_given_by_hand_outweighs_the_profiles_minimum_of_rounds() -> None:
    assert Plan("standard", ("image",), ("json",)).min_rounds == 6
    assert Plan("standard", ("image",), ("json",), budget_s=1.0).min_rounds == 1
    assert Plan("standard", ("image",), ("json",), max_rounds=2).min_rounds == 2


def test_the_profiles_hold_the_payloads_they_promise() -> None:
    assert find_profile("smoke").payloads == ("vector-1k", "image")
    assert find_profile("smoke").rounds >= 6
    assert find_profile("standard").payloads == ("vector-1k", "vector-10k", "image", "batch-16")
    assert find_profile("standard").budget_s <= 600
    assert find_profile("full").memory_only == ("batch-100",)


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="smoke"):
        find_profile("quick")
