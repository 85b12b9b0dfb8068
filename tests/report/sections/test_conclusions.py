"""The sentences of the page, derived from a run whose figures are round numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from serlab.records.correlation import Correlation
from serlab.records.run import Interval
from serlab.records.run_data import RunData
from serlab.report import answer_words, sentences, short_answers
from serlab.report.blocks import Table, plain
from serlab.report.sections import (
    answer,
    body_size,
    compare,
    correlation,
    cpu,
    endtoend,
    memory,
    provenance,
    registry,
    time,
)
from serlab.report.source import Source


def table(source: Source, module: registry.SectionModule, name: str) -> dict[str, dict[str, str]]:
    """Rows of a table by their first cells, cells by their heading."""
    section = module.build(source)
    tables = [block for block in section.blocks if isinstance(block, Table)]
    tables += [figure.table for figure in section.figures if figure.table]
    found = next(entry for entry in tables if entry.id == name)
    titles = [column.title.strip() for column in found.columns]
    rows = [dict(zip(titles, (cell.text for cell in row), strict=True)) for row in found.rows]
    return {"/".join(row[title] for title in titles[:3]): row for row in rows}


def test_the_answer_names_the_largest_saving_its_times_and_what_it_does_to_the_bits(source: Source) -> None:
    (line,) = answer.build(source).conclusion
    assert plain(line) == (
        "A call with image takes 22.2× [22.2, 22.2] less time with tensor-proto over gRPC than with json."
    )
    (measured,) = (plain(fact.answer) for fact in answer_words.facts(source) if fact.name.startswith("Measured"))
    assert measured.startswith("image (p50) 16.1 ms [14.0 ms, 18.2 ms] with tensor-proto over gRPC, 22.2× [22.2, 22.2]")
    assert "; 30 ms [26 ms, 34 ms] with orjson over REST, 12.0×" in measured
    assert measured.endswith("; 360 ms [310 ms, 400 ms] with json. Every codec named here returned what it was sent.")


def test_a_faster_codec_that_alters_is_named_but_not_recommended(
    altering: RunData, make_source: Callable[..., Source]
) -> None:
    rows = table(make_source(altering), answer, "answer-table")
    assert rows["image/REST/json"]["faster, but alters"] == "orjson (ALTERS)"
    assert "image/gRPC/tensor-proto" not in rows


def test_without_calls_the_answer_rests_on_isolated_times_and_says_so(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    section = answer.build(make_source(replace(run_data, endtoend=())))
    lines = [plain(line) for line in section.conclusion]
    assert lines[0].startswith("Encode + decode with image takes 100× [100, 100] less time with tensor-proto over gRPC")


def test_encode_and_decode_name_the_fastest_the_slowest_and_the_floor(source: Source) -> None:
    encode, decode = time.build(source).conclusion[:2]
    assert encode == (
        "In isolation, encoding image takes 1.15 ms [1.00 ms, 1.30 ms] with tensor-proto, 10.0× [10.0, 10.0] the "
        "floor, and 115 ms [100 ms, 130 ms] with json."
    )
    assert plain(decode).startswith("In isolation, decoding image takes 2.30 ms")


def test_bytes_are_told_against_the_tensor(source: Source) -> None:
    assert body_size.build(source).conclusion == (
        "A request with image (1,000 B) is 5,000 B with json, 5.00× the tensor. Sizes are exact, not estimates.",
    )


def test_memory_names_the_worst_and_its_largest_holder(source: Source) -> None:
    lines = memory.build(source).conclusion
    assert str(lines[0]).startswith(
        "json with image: encoding holds 3,000 B, 3.00× the tensor: 2,000 B (67 %) in encode and 1,000 B (33 %) in "
        "json.dumps; decoding holds "
    )
    assert str(lines[0]).endswith("tensor-proto holds 3,000 B encoding and 3,000 B decoding.")
    assert lines[1] == "Encoding image with json peaks at 3,000 B, 3.00× the tensor."


def test_the_functions_that_hold_a_peak_are_told_in_bytes_share_and_multiple_the_worst_first(source: Source) -> None:
    found = next(block for block in memory.build(source).blocks if isinstance(block, Table))
    peaks = [row[2].sort or 0 for row in found.rows]
    assert peaks == sorted(peaks, reverse=True)
    assert len(found.rows) == len(source.data.memory)
    row = next(row for row in found.rows if [cell.text for cell in row[:2]] == ["json", "encode"])
    assert [cell.text for cell in row[3:6]] == ["encode: 2,000 B, 67 %, 2.00×", "json.dumps: 1,000 B, 33 %, 1.00×", ""]


def test_a_comparison_opens_on_the_codec_used_now_and_the_best_way_never_on_the_floor(
    source: Source, make_source: Callable[..., Source]
) -> None:
    best = min((one for one in source.choices if one.payload == "image"), key=lambda one: one.time_s.median)
    assert compare.usual(source) == {"image": ("json", best.codec)}
    assert compare.usual(replace(source, now=best.codec))["image"][0] == best.codec
    assert "raw" not in compare.usual(replace(source, now=best.codec))["image"]
    timed_alone = replace(source.data, endtoend=(), memory=())
    assert "raw" not in compare.usual(make_source(timed_alone))["image"]


def test_the_memory_table_shows_the_profile_figure_by_figure(source: Source) -> None:
    row = table(source, memory, "memory-table-image")["json/encode/3,000 B, 3.00×"]
    assert row["small objects"] == "100 B"
    assert row["allocations"] == f"{source.data.memory[0].allocations:,}"
    assert row["copy factor"] == "9.00×"


def test_the_cpu_table_shows_the_profile_figure_by_figure(source: Source) -> None:
    row = table(source, cpu, "cpu-table")["image/json/encode"]
    assert (row["Python"], row["native"], row["system"]) == ("20 %", "60 %", "20 %")
    assert row["copied, MiB/s"] == "70"
    # 70 MiB/s for 2 s are 20 samples of 7 MiB, over 100 calls of 1,000 B.
    assert row["copies per payload byte"] == "1,500× [800, 2,100]"
    assert row["calls"] == "100"


def test_a_case_that_could_not_be_profiled_is_named(source: Source) -> None:
    shown = [line for block in cpu.build(source).blocks for line in getattr(block, "lines", ())]
    assert "decode/image/json: it failed" in shown


def test_end_to_end_tells_the_slowest_and_the_fastest_and_whom_they_called(source: Source) -> None:
    slow, fast, whom = endtoend.build(source).conclusion
    assert plain(slow).startswith("A call with image and json over REST takes 360 ms")
    assert "encode and decode, timed within the calls, are 96 % [96 %, 96 %] of it" in slow
    assert plain(fast).startswith("A call with image and tensor-proto over gRPC takes 16.1 ms")
    assert whom == "Measured against: embedded instance, serlab 0.1.0 (not TensorFlow Serving)."


def test_percentiles_below_their_sample_floor_say_how_many_calls_they_need(source: Source) -> None:
    row = table(source, endtoend, "latency-table")["image/json/REST"]
    assert row["p50"] == "358 ms"
    assert row["p90"].endswith("ms")
    assert row["p99"] == "needs 662 calls"


def test_the_ledger_adds_up(source: Source) -> None:
    section = endtoend.build(source)
    found = next(figure.table for figure in section.figures if figure.id == "ledger-figure")
    assert found is not None
    for row in found.rows:
        whole, stages = row[4].sort, [cell.sort or 0.0 for cell in row[5:9]]
        assert sum(stages) == pytest.approx(whole)


def test_what_calls_add_to_both_sides_is_the_peak_less_what_was_there_before(source: Source) -> None:
    section = endtoend.build(source)
    found = next(figure.table for figure in section.figures if figure.id == "resident-figure")
    assert found is not None
    client, added, _, server, server_added, calls = (cell.sort for cell in found.rows[0][3:9])
    assert (client, added) == (2 * 10**8, 10**8)
    assert (server, server_added) == (7 * 10**8, 2 * 10**8)
    assert calls == 7


def test_correlation_says_when_there_are_too_few_points(source: Source) -> None:
    lines = correlation.build(source).conclusion
    assert "Over REST, 2 points are too few for a fit." in lines
    assert "Over gRPC, 1 point is too few for a fit." in lines


def test_whether_it_matters_is_a_plain_word_and_both_shares_say_what_they_are_of(source: Source) -> None:
    first, isolated = correlation.build(source).conclusion[:2]
    assert first == (
        "Yes: on the embedded server, encode and decode take 96 % [96 %, 96 %] of a call with image and json."
    )  # fmt: skip
    assert plain(isolated).startswith("Timed in isolation (with a wait before each), they explain ")
    assert "(image with json)" in isolated


@pytest.mark.parametrize(("share", "word"), [(0.8, "Yes"), (0.2, "Yes"), (0.1, "Hardly"), (0.01, "No")])
def test_a_share_of_a_call_is_a_word(share: float, word: str) -> None:
    assert short_answers.verdict(Interval(share, share, share, 6)) == word


def test_a_slope_that_may_be_anything_is_no_finding(make_source: Callable[..., Source], run_data: RunData) -> None:
    assert "no relation" in sentences.relation(Correlation("grpc", 6, 0.83, Interval(1.14, -6.79, 2.58, 6), 0.0))
    assert "no relation" in sentences.relation(Correlation("grpc", 6, 0.83, Interval(1.0, 0.4, 1.2, 6), 0.0))
    assert "1.00 ms end to end" in sentences.relation(Correlation("rest", 6, 0.83, Interval(1.0, 0.6, 1.4, 6), 0.0))


def test_provenance_tells_noise_and_how_to_measure_again(source: Source) -> None:
    section = provenance.build(source)
    assert plain(section.conclusion[0]).startswith("Measured on box: some CPU, 2 cores · 2026-01-02 03:04 UTC")
    notes = [line for block in section.blocks for line in getattr(block, "lines", ())]
    assert "serlab bench" in notes
    assert "serlab report box/run" in notes
    assert not any("rounds: fewer than" in line for line in notes)


def test_every_section_has_an_id_and_a_title_of_its_own(source: Source) -> None:
    sections = registry.build(source)
    assert len({section.id for section in sections}) == len(sections)
    assert len({section.title for section in sections}) == len(sections)


def test_ids_of_tables_and_figures_are_unique(source: Source) -> None:
    ids = [block.id for section in registry.build(source) for block in section.blocks if hasattr(block, "id")]
    assert len(ids) == len(set(ids))
