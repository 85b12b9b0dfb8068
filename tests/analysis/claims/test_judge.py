"""What holds for every claim: those not measured, those that arithmetic contradicts, and the stand-in's part."""

from __future__ import annotations

import pytest

from serlab.analysis.claims.catalogue import CLAIMS
from serlab.analysis.claims.judge import JUDGES, SERVER_SHARE, judge
from serlab.errors import UnknownNameError
from serlab.records import evidence as said
from serlab.records.claims import (
    INCONSISTENT,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    Evidence,
    Judgement,
    Series,
)
from tests.analysis.claims.made_up import calls, same


def test_every_claim_has_a_judge_and_every_judge_a_claim() -> None:
    assert list(JUDGES) == list(CLAIMS)


def test_an_unknown_claim_is_named() -> None:
    with pytest.raises(UnknownNameError, match="size-raw"):
        judge("size-row", Evidence("e"))


@pytest.mark.parametrize("claim", sorted(set(CLAIMS) - {"resnet-qps", "resnet-bandwidth"}))
def test_what_could_not_be_measured_is_not_testable_with_the_reason(claim: str) -> None:
    judged = judge(claim, Evidence("e", missing="the server is gone", needs="a server")).judgement
    assert (judged.verdict, judged.finding, judged.needs) == (NOT_TESTABLE, "the server is gone", "a server")


@pytest.mark.parametrize("claim", ["resnet-qps", "resnet-bandwidth"])
def test_what_contradicts_arithmetic_is_inconsistent_even_unmeasured(claim: str) -> None:
    judged = judge(claim, Evidence("e", missing="the server is gone")).judgement
    assert judged.verdict == INCONSISTENT
    assert "/s" in judged.finding


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_judge_fails_on_empty_evidence(claim: str) -> None:
    assert judge(claim, Evidence("e")).judgement.verdict in (NOT_REPRODUCED, NOT_TESTABLE, INCONSISTENT)


def on_stand_in(claim: str, *listed: Series, **facts: str | float | bool) -> Judgement:
    named = {name.replace("_", " "): value for name, value in facts.items()}
    return judge(claim, Evidence("e", listed, named), instance="embedded").judgement


def predicted(payload: str, exchange: float, **seconds: float) -> list[Series]:
    listed = []
    for codec, value in seconds.items():
        name = codec.replace("_", "-")
        listed.append(same(said.PREDICTED, value, codec=name, payload=payload))
        listed.append(same(said.PREDICTED_EXCHANGE, exchange, codec=name, payload=payload))
    return listed


@pytest.mark.parametrize("claim", sorted(SERVER_SHARE - {"dual-protocol", "resnet-qps"}))
def test_the_stand_ins_own_time_decides_no_claim_about_the_server(claim: str) -> None:
    listed = [
        *calls("vector-1k", json=2.6, tensor_proto=1.0),
        *calls("vector-10k", json=5.5, tensor_proto=1.0),
        *calls("image", json=2.6, tensor_proto=1.0),
        same("CPU", 1.5, codec="json"),
        same("CPU", 1.0, codec="tensor-proto"),
        same("throughput", 10.0, "1/s", setting="no batching"),
        same("throughput", 15.0, "1/s", setting="8 in 1 ms"),
    ]
    judged = on_stand_in(claim, *listed)
    assert judged.verdict == NOT_TESTABLE
    assert "--serving binary" in judged.needs or "662 calls" in judged.needs
    assert all(quantity.label.endswith("(stand-in)") for quantity in judged.measured)


def test_a_prediction_decides_where_it_is_sure_enough() -> None:
    measured = calls("vector-1k", json=1.0, tensor_proto=1.0)  # the stand-in's own: no gap at all
    sure = predicted("vector-1k", 0.1, json=2.6, tensor_proto=1.0)
    judged = on_stand_in("latency-1k", *measured, *sure, law="mine", **{"law's spread, json": 0.3})
    assert judged.verdict == REPRODUCED
    assert judged.measured[0].value.median == pytest.approx(2.6)
    assert "predicted for TensorFlow Serving by mine" in judged.finding
    unsure = predicted("vector-1k", 0.9, json=1.4, tensor_proto=1.0)
    spreads = {"law's spread, json": 0.6, "law's spread, tensor-proto": 0.6}
    open_ = on_stand_in("latency-1k", *measured, *unsure, law="mine", **spreads)
    assert open_.verdict == NOT_TESTABLE
    assert open_.measured[0].value.low < 1.0 < 2.0 < open_.measured[0].value.high


def test_what_came_back_is_the_real_servers_also_on_the_stand_in() -> None:
    ways = (("direct", 1.0), ("gateway", 2.0))
    through = [same("latency", value, codec="wire", payload="image", setting=way) for way, value in ways]
    judged = on_stand_in("dual-protocol", *through, same_answers=True)
    assert (judged.verdict, judged.measured) == (REPRODUCED, ())


def test_arithmetic_contradicts_on_any_server() -> None:
    assert on_stand_in("resnet-qps", same("throughput", 4.0, "1/s", codec="json")).verdict == INCONSISTENT
