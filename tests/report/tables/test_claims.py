from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from serlab.analysis.claims.judge import judge
from serlab.analysis.decompose import decompose
from serlab.records.claims import ClaimsReport, Evidence, Quantity, Series, Unit
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.run import Interval, Machine, PayloadInfo, RunInfo, Transport
from serlab.records.run_data import RunData
from serlab.report.blocks import plain
from serlab.report.plots import waterfall
from serlab.report.sections import claims as claims_section
from serlab.report.sections import decomposition
from serlab.report.source import Source
from serlab.report.tables.claims import print_claims, render_markdown, value_text

IMAGE = PayloadInfo("image", (1, 224, 224, 3), "float32", "uniform", 1, 602_112)
MACHINE = Machine("box", "a CPU", 2, 1, "unknown", "6", "Linux", "3.11")
INFO = RunInfo("box/run", MACHINE, "2026-11-22T19:00:00+00:00", "claims", 1, "serlab claims", (IMAGE,), (), {})


@pytest.fixture
def report() -> ClaimsReport:
    size = Series("raw bytes", "bytes", {0: (602_112.0,)}, payload="image")
    latencies = [
        Series("latency", "s", dict.fromkeys(range(6), (seconds,)), codec, "image")
        for codec, seconds in (("json", 0.26), ("orjson", 0.1), ("tensor-proto", 0.1))
    ]
    results = (
        judge("size-raw", Evidence("sizes", (size,)), "claims/sizes.json"),
        judge("resnet-p50", Evidence("resnet", tuple(latencies)), "claims/resnet.json"),
        judge("resnet-qps", Evidence("saturation")),
        judge("dual-protocol", Evidence("gateway", missing="nginx is not installed", needs="nginx")),
    )
    return ClaimsReport("2026-11-22T19:00:00+00:00", results, {"kind": "embedded", "version": "serlab 1"})


def source(report: ClaimsReport | None = None, calls: tuple[EndToEndRun, ...] = ()) -> Source:
    parts = {"claims": report} if report else {}
    return Source(RunData(INFO, endtoend=calls), Path("/nowhere"), parts)


def called(codec: str, number: int, seconds: float) -> EndToEndRun:
    transport: Transport = "grpc" if codec == "tensor-proto" else "rest"
    call = CallSample(seconds / 2, seconds / 2, 0.0, seconds)
    return EndToEndRun("image", codec, transport, number, (call,), 1, 1, 0.0, None, None)


CALLS = tuple(
    called(codec, number, seconds)
    for number in range(6)
    for codec, seconds in (("json", 0.4), ("base64", 0.09), ("tensor-proto", 0.1))
)


def test_the_table_has_a_row_per_claim_with_value_verdict_and_evidence(report: ClaimsReport) -> None:
    console = Console(width=220, record=True, file=io.StringIO())
    print_claims(report, INFO, console)
    lines = console.export_text().splitlines()
    (row,) = [line for line in lines if line.startswith("resnet-p50 ")]
    assert "2.6x" in row
    assert "2.60×" in row
    assert "reproduced" in row
    assert "claims/resnet.json" in row
    assert any(line.startswith("resnet-qps ") and "inconsistent" in line for line in lines)
    text = " ".join(" ".join(lines).split())
    assert "nginx is not installed. Needs: nginx." in text
    assert "stands in for TensorFlow Serving" in text
    assert "embedded instance, serlab 1; box, a CPU, 2 cores" in text


def test_markdown_has_a_table_and_a_heading_per_claim(report: ClaimsReport) -> None:
    text = render_markdown(report, INFO)
    rows = [line for line in text.splitlines() if line.startswith("| [")]
    assert len(rows) == len(report.results)
    for result in report.results:
        assert f"\n## {result.claim.id}\n" in text
    assert "ModelServer 2.20.0" in text
    assert "2026-11-25" in text
    (p50,) = [line for line in rows if "#resnet-p50" in line]
    # The real server's value and verdict, then this run's.
    assert p50.index("3.66× [3.36, 4.17]") < p50.index("2.60×")
    assert "| REST orjson ÷ gRPC tensor-proto | 1.00× |" in text
    assert "Evidence: `claims/sizes.json`" in text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Interval(602_112, 602_112, 602_112, 1), "bytes", "602,112 B"),
        (Interval(2.0, 1.5, 2.5, 5), "ratio", "2.0× [1.5, 2.5]"),
        (Interval(2.0, 2.0, 2.0, 1), "ratio", "2.00×"),
        (Interval(0.28, 0.253, 0.309, 1000), "share", "28.0% [25.3%, 30.9%]"),
        (Interval(16.2, 15.0, 17.0, 3), "1/s", "16.2/s [15, 17]"),
        (Interval(1.2e9, 1.2e9, 1.2e9, 1), "bit/s", "1.2 Gbit/s"),
        (Interval(0.5, 0.4, 0.6, 5), "s", "500 ms [400 ms, 600 ms]"),
    ],
)
def test_values_are_shown_in_the_unit_that_people_read(value: Interval, unit: Unit, text: str) -> None:
    assert value_text(Quantity("q", value, unit)) == text


def test_the_section_counts_the_verdicts_and_names_the_instance(report: ClaimsReport) -> None:
    section = claims_section.build(source(report))
    assert plain(section.conclusion[0]).startswith("Of 4 claims, 2 reproduced, 1 inconsistent and 1 not testable here")
    assert "embedded instance, serlab 1" in section.conclusion[0]
    table = section.blocks[0]
    assert [row[0].text for row in table.rows] == ["size-raw", "resnet-p50", "resnet-qps", "dual-protocol"]  # type: ignore[union-attr,index]


def test_a_run_without_claims_says_how_to_get_them() -> None:
    section = claims_section.build(source())
    assert section.blocks[0].command == "serlab claims"  # type: ignore[union-attr]


def test_the_waterfall_goes_from_call_to_call_through_what_changes() -> None:
    found = decompose(CALLS, "image")
    assert found is not None
    steps = list(waterfall.steps(found))
    assert [(step.kind, step.row) for step in steps] == [
        ("whole call", "REST json"),
        ("codec", "codec, step 1"),
        ("whole call", "REST base64"),
        ("codec", "codec, step 2"),
        ("protocol", "protocol, step 2"),
        ("whole call", "gRPC tensor-proto"),
    ]
    assert steps[1].start_s == pytest.approx(0.4)
    assert steps[1].end_s == pytest.approx(0.09)
    assert "saves" in steps[1].tip
    assert steps[4].end_s == pytest.approx(0.1)
    assert "adds" in steps[4].tip


def test_the_decomposition_tells_both_parts_in_words() -> None:
    section = decomposition.build(source(calls=CALLS))
    assert plain(section.conclusion[0]).startswith("image: REST json takes 300 ms")
    assert "the codec accounts for 305 ms" in section.conclusion[0]
    assert "the protocol for -5.00 ms" in section.conclusion[0]
    assert len(section.figures[0].panels) == 1


def test_without_both_protocols_there_is_nothing_to_take_apart() -> None:
    section = decomposition.build(source(calls=tuple(run for run in CALLS if run.transport == "rest")))
    assert section.figures == ()
