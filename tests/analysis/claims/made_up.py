"""Made-up evidence, and what is made of it."""

from __future__ import annotations

from serlab.analysis.claims.judge import judge
from serlab.records.claims import (
    Evidence,
    Judgement,
    Series,
    Unit,
)

ROUNDS = 6


def same(
    quantity: str, value: float, unit: Unit = "s", *, codec: str = "", payload: str = "", setting: str = ""
) -> Series:
    """A series of one equal sample per round."""
    return Series(quantity, unit, dict.fromkeys(range(ROUNDS), (value,)), codec, payload, setting)


def verdict(claim: str, *listed: Series, **facts: str | int | bool) -> Judgement:
    named = {name.replace("_", " "): value for name, value in facts.items()}
    return judge(claim, Evidence("e", listed, named)).judgement


def calls(payload: str, **seconds: float) -> list[Series]:
    return [same("latency", value, codec=codec.replace("_", "-"), payload=payload) for codec, value in seconds.items()]
