"""Advice on the terminal."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from serlab.analysis.advice import Advice, Asked
from serlab.analysis.advise import OPTIMISE, Change, Way, rank
from serlab.records.send_less import ValueChange
from serlab.report.tables.advise import print_advice


def test_it_names_the_best_ways_and_ends_with_what_was_not_checked() -> None:
    exact = ValueChange(0.0, 0.0, None, 0.0)
    wire, json = (
        replace(way, latency={n: s * (1 + n / 50) for n in range(6)}, throughput=dict.fromkeys(range(6), s),
                request_bytes=2048, response_bytes=10, values=exact)
        for way, s in ((Way("as-is", "wire", "grpc", "grpc", ("grpc",)), 0.002),
                       (Way("as-is", "json", "rest", "rest-numbers"), 0.2))
    )  # fmt: skip
    ways = [wire, json]
    failed = Way("as-is", "orjson", "rest", "rest-numbers", failure="it is gone")
    for optimise in OPTIMISE[:2] + OPTIMISE[3:]:
        ranking = rank([*ways, failed], "exact", optimise, ways[1:])
        asked = Asked(1, ("image",), optimise=optimise)
        advice = Advice("image", "echo", "measured", "embedded (1)", asked, ranking, tuple(ways),
                        (Change(1000, 4000, "json", "wire"),), "a-law", {"uint8": "def restore"}, "CODE", ("a remark",),
                        ("a network",))  # fmt: skip
        console = Console(file=io.StringIO(), width=250)
        print_advice(advice, console)
        text = console.file.getvalue()  # type: ignore[attr-defined]
        for told in (
            "wire",
            "the standard library",
            "from 1,000 elements",
            "by law a-law",
            "def restore",
            "CODE",
            "a remark",
        ):
            assert told in text
        if optimise == "latency":
            assert "100× " in text
        assert text.rstrip().endswith("a network")
        print_advice(advice, console, with_code=False)
        assert console.file.getvalue().count("CODE") == 1  # type: ignore[attr-defined]
