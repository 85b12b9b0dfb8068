"""The sections on load and on what stands around the calls, from made-up records."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pytest

from serlab.analysis.load import histogram
from serlab.records.deployment import (
    BatchingReport,
    BatchingStep,
    BatchSetting,
    Burst,
    GatewayReport,
    MultiplexingReport,
    SharedCall,
    UploadProfile,
    UploadReport,
)
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.load import LoadReport, LoadStep, StepSpec
from serlab.records.run import Case, MemoryProfile
from serlab.records.run_data import RunData
from serlab.report import page, svg
from serlab.report.blocks import Figure, Missing, Note, Section, Table, plain
from serlab.report.sections import deployment, load
from serlab.report.source import Source

MakeSource = Callable[..., Source]


def step(codec: str, concurrency: int, rate: float, latency_s: float, **changes: object) -> LoadStep:
    made = {
        "calls": 300, "attempts": 300, "throughput_per_s": rate, "measured_s": 3.0, "stable": True,
        "histogram": histogram.encode(np.full(300, latency_s)), "mean_s": latency_s, "max_s": latency_s,
        "request_bytes": 1000, "response_bytes": 1000,
    }  # fmt: skip
    spec = StepSpec("image", codec, concurrency=concurrency)
    return LoadStep(spec, "grpc" if codec == "wire" else "rest", **{"round": 0, **made, **changes})  # type: ignore[arg-type]


STEPS = (
    step("json", 1, 10.0, 0.1),
    step("json", 8, 12.0, 0.6, errors={"TIMEOUT": 3}, attempts=303),
    step("wire", 1, 100.0, 0.01),
    step("wire", 8, 500.0, 0.016, busiest_cpu=0.95),
)
LOAD = LoadReport(STEPS, {"kind": "embedded", "version": "serlab 0.1.0"})


def tables(section: Section) -> dict[str, Table]:
    found = [block for block in section.blocks if isinstance(block, Table)]
    found += [block.table for block in section.blocks if isinstance(block, Figure) and block.table]
    return {table.id: table for table in found}


def column(table: Table, title: str) -> list[str]:
    place = [entry.title for entry in table.columns].index(title)
    return [row[place].text for row in table.rows]


def test_load_says_where_each_codec_tops_out_and_that_the_server_is_no_tensorflow_serving(
    run_data: RunData, make_source: MakeSource
) -> None:
    section = load.build(make_source(run_data, load=LOAD))
    json_knee, wire_knee, origin = section.conclusion
    assert plain(json_knee).startswith("image with json reaches 12 calls per second at 8 in flight; its knee is at 1")
    assert plain(wire_knee).startswith("image with wire reaches 500 calls per second at 8 in flight; its knee is at 8")
    assert "not TensorFlow Serving" in origin
    table = tables(section)["load-table"]
    assert column(table, "errors") == ["0", "3 (1.0%)", "0", "0"]
    assert column(table, "p90") == ["100 ms", "600 ms", "10.0 ms", "16.0 ms"]
    assert column(table, "p99") == ["needs 662 calls"] * 4
    (note,) = [block for block in section.blocks if isinstance(block, Note)]
    assert any("the generator is the bottleneck" in line for line in note.lines)
    assert any("failed with TIMEOUT" in line for line in note.lines)


def test_the_plots_of_load_can_be_drawn(run_data: RunData, make_source: MakeSource) -> None:
    panels = [panel for _, panel in page.panels([load.build(make_source(run_data, load=LOAD))])]
    assert [panel.name for panel in panels] == ["load-throughput-image", "load-latency-image"]
    for panel in panels:
        alt.LayerChart.from_dict(panel.chart.to_dict(validate=True))
        root = ElementTree.fromstring(svg.inline(panel, svg.draw(svg.specification(panel.chart))))
        assert len(list(root.iter())) > 20


def test_a_single_step_is_a_table_without_a_plot(run_data: RunData, make_source: MakeSource) -> None:
    section = load.build(make_source(run_data, load=LoadReport(STEPS[:1])))
    assert section.figures == ()
    assert "load-table" in tables(section)


@pytest.mark.parametrize("module", [load, deployment])
def test_what_was_not_measured_is_named_with_its_command(
    module: object, run_data: RunData, make_source: MakeSource
) -> None:
    section = module.build(make_source(run_data))  # type: ignore[attr-defined]
    assert section.conclusion
    commands = [block.command for block in section.blocks if isinstance(block, Missing)]
    assert commands
    assert len(commands) == len(section.blocks)
    assert all(command.startswith("serlab ") and f"--run {run_data.info.name}" in command for command in commands)


def burst(codec: str, connections: int, exchange_s: float, waits_s: tuple[float, ...]) -> Burst:
    calls = tuple(SharedCall(wait, exchange_s) for wait in waits_s)
    total_s = max(call.latency_s for call in calls)
    return Burst(codec, "grpc" if codec == "wire" else "rest", connections, 0, total_s, calls)


def client(seconds: float, number: int) -> EndToEndRun:
    calls = (CallSample(0.0, seconds, 0.0, seconds),) * 5
    return EndToEndRun("image", "wire", "grpc", number, calls, 1, 1, 0.1, 0.05, None)


def test_what_stands_around_the_calls_has_a_table_and_a_sentence_each(
    run_data: RunData, make_source: MakeSource
) -> None:
    bursts = (
        burst("orjson", 1, 0.01, (0.0, 0.01, 0.02)),
        burst("orjson", 3, 0.01, (0.0,) * 3),
        burst("wire", 1, 0.01, (0.0,) * 3),
        burst("wire", 3, 0.01, (0.0,) * 3),
    )
    sharing = MultiplexingReport("image", "", 3, bursts)
    gateway = GatewayReport(
        "nginx/1.22.1", tuple(client(0.01, n) for n in range(6)), tuple(client(0.012, n) for n in range(6))
    )
    unbatched = [BatchingStep(None, step("wire", 8, 100.0 + n, 0.01, round=n)) for n in range(6)]
    batched = [BatchingStep(BatchSetting(8, 500), step("wire", 8, 200.0 + 2 * n, 0.02, round=n), 6.5) for n in range(6)]
    batching = BatchingReport("graph", "wire", 8, (*unbatched, *batched))
    profile = MemoryProfile(Case("image", "json-chunked", "encode"), 1000, 500, 0, 600, 7, "memory/a.bin")
    upload = UploadReport((UploadProfile(profile, 4000, chunked=True),))
    section = deployment.build(
        make_source(run_data, multiplexing=sharing, gateway=gateway, batching=batching, upload=upload)
    )
    rest, grpc, added, chosen = section.conclusion
    assert plain(rest).startswith("3 calls on one connection over REST take 3.00×")
    assert plain(grpc).startswith("3 calls on one connection over gRPC take 1.00×")
    assert plain(added).startswith("nginx/1.22.1 adds 2.00 ms")
    assert "max_batch_size 8" in chosen
    found = tables(section)
    assert set(found) == {"sharing-table", "gateway-table", "batching-table", "upload-table"}
    assert column(found["batching-table"], "rows per batch") == ["–", "6.5"]
    assert column(found["upload-table"], "peak ÷ tensor") == ["0.50×"]
    assert column(found["gateway-table"], "gateway CPU per call") == ["10.0 ms"]
    assert not [block for block in section.blocks if isinstance(block, Missing)]
