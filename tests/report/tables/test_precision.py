"""The precision report says who altered what, how much of it, and shows the values."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from serlab.analysis.precision_findings import findings
from serlab.records.precision import Alteration, Example, PrecisionCell, PrecisionReport
from serlab.records.run import Exactness
from serlab.report.tables.precision import cell_text, class_table, render, share_text, statement

EXAMPLE = Example((3,), "0.1", "0x3fb999999999999a", "0.10000000000000002", "0x3fb999999999999b", 1)


def cell(place: str, leg: str, verdict: str = "", elements: int = 1800, **changes: object) -> PrecisionCell:
    counts = {"exact": 10_000 - elements, verdict: elements} if verdict else {"exact": 10_000}
    silent = verdict != "rejected"
    said = "" if silent else "POST http://127.0.0.1:1/v1/models/echo:predict was answered with 400 Bad Request: no"
    made = PrecisionCell(
        place, "orjson", "rest", "float64", "unit", leg, None,  # type: ignore[arg-type]
        Exactness(10_000, counts, worst_ulp=2 if verdict == "rounded" else 0),
        ((1, elements - 1), (2, 1)) if verdict == "rounded" else (),
        (Alteration(verdict, elements, silent, (EXAMPLE,) * 3, said),) if verdict else (),
        1,
        0.1,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def report(*cells: PrecisionCell, **changes: object) -> PrecisionReport:
    made = PrecisionReport(
        "2026-01-01T00:00:00+00:00", 1, 100, cells, instance={"kind": "embedded", "version": "serlab 0.1.0"}
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def printed(found: PrecisionReport, examples: int = 3) -> str:
    out = io.StringIO()
    render(found, Console(file=out, width=160, markup=False, highlight=False), examples=examples)
    return out.getvalue()


def _statements(found: PrecisionReport) -> list[str]:
    return [f"{finding.dtype}: {statement(finding, found)}" for finding in findings(found)]


def test_the_parser_is_blamed_by_name_and_the_client_cleared() -> None:
    found = report(cell("offline", "request"), cell("live", "request", "rounded"), cell("live", "response"))
    (said,) = _statements(found)
    assert said == (
        "float64: the JSON parser of the embedded server, not the client: rounded 18.0 % of unit by 1–2 ULP, silently "
        "[orjson]"
    )


def test_only_the_real_thing_is_called_tensorflow_serving() -> None:
    cells = cell("offline", "request"), cell("live", "request", "rounded")
    names = {
        "embedded": "the JSON parser of the embedded server",
        "binary": "the JSON parser of TensorFlow Serving",
        "docker": "the JSON parser of TensorFlow Serving",
        "remote": "the JSON parser of the server",
    }
    for kind, name in names.items():
        (said,) = _statements(report(*cells, instance={"kind": kind, "version": "x"}))
        assert said.startswith(f"float64: {name}, not the client")


def test_the_writer_grpc_and_the_codec_have_names_of_their_own() -> None:
    def who(*cells: PrecisionCell) -> str:
        found = report(*cells)
        return statement(findings(found)[0], found).partition(":")[0]

    assert who(cell("live", "response", "rounded")) == "the JSON writer of the embedded server, not the client"
    grpc = cell("live", "request", "flushed", transport="grpc")
    assert who(grpc) == "the embedded server on the way there, not the client"
    assert who(cell("offline", "request", "rounded")) == "the codec itself, encoding"
    assert who(cell("offline", "response", "rounded")) == "the codec itself, on the way back"


def test_rejections_quote_the_error() -> None:
    found = report(cell("live", "request", "rejected", 10_000))
    (said,) = _statements(found)
    assert "rejected every value [orjson: 400 Bad Request: no]" in said


def test_shares_do_not_pretend() -> None:
    assert share_text(182, 1000) == "18.2 %"
    assert share_text(3, 50) == "3 of 50"
    assert share_text(1, 100_000) == "1 of 100,000"
    assert share_text(99_999, 100_000) == "99,999 of 100,000"


def test_cells_in_words() -> None:
    assert cell_text(cell("live", "both")) == "exact"
    assert cell_text(cell("live", "both", "rounded")) == "rounded 18.0 %, ≤ 2 ULP"
    assert cell_text(cell("live", "both", "flushed", 10_000)) == "flushed"


def test_codecs_and_classes_that_behave_alike_share_rows_and_columns() -> None:
    cells = [
        cell("live", "both", "rounded", codec=codec, value_class=name)
        for codec in ("json", "orjson")
        for name in ("unit", "normal")
    ]
    cells.append(cell("live", "both", codec="base64"))
    table, kept = class_table(report(*cells, cell("live", "both", codec="base64", value_class="normal")), "float64")
    assert [column.header for column in table.columns] == ["codec", "where", "every class"]
    assert table.row_count == 1
    assert list(table.columns[0].cells) == ["json\norjson"]
    assert kept == "Exact in every class: base64 (round trip)."


def test_everything_is_printed_once() -> None:
    text = printed(
        report(
            cell("offline", "both"),
            cell("live", "request", "rounded"),
            cell("live", "both", "rounded"),
            cell("live", "both", dtype="int8"),
            unavailable={"wire": "needs x"},
            missing=("everything live from base64 on: gone",),
        )
    )
    assert "embedded (serlab 0.1.0)" in text
    assert "2026-01-01" in text
    assert "Exact through every codec and leg: int8." in text
    assert text.count("rounded 18.0 % of unit by 1–2 ULP, silently") == 1
    assert text.count("unit [3]: 0x3fb999999999999a 0.1 → 0x3fb999999999999b 0.10000000000000002 (1 ULP)") == 3
    assert "Not available: wire: needs x" in text
    assert "Missing: everything live from base64 on: gone" in text


def test_examples_can_be_left_out_and_whole_rejections_show_one() -> None:
    found = report(cell("live", "request", "rounded"))
    assert "→" not in printed(found, examples=0)
    whole = Alteration("rejected", 10_000, False, (Example((0,), "nan", "0x7ff8000000000000"),) * 3, "400")
    rejected = replace(cell("live", "request", "rejected", 10_000), alterations=(whole,))
    assert printed(report(rejected)).count("0x7ff8000000000000 nan → rejected") == 1


def test_a_users_tensor_has_a_table_of_elements() -> None:
    changed = cell("live", "both", "rounded")
    text = printed(report(changed, cell("live", "both", codec="base64"), source="@mine.npy", shape=(100, 100)))
    assert "tensor @mine.npy [100, 100]" in text
    assert "1,800 of 10,000" in text
    assert "0 of 10,000" in text
    assert "refused" not in text


def test_one_refused_element_means_that_the_tensor_is_refused() -> None:
    text = printed(report(cell("live", "both", "rejected", 1), source="@mine.npy", shape=(100, 100)))
    assert "refused" in text
    assert "1 of 10,000" in text


def test_an_offline_report_shows_the_legs_of_the_codec() -> None:
    text = printed(report(cell("offline", "request", "rounded"), cell("offline", "response"), instance={}))
    assert "none (offline)" in text
    assert "request leg, offline" in text
