from __future__ import annotations

from dataclasses import replace

from serlab.analysis.precision_causes import causes
from serlab.analysis.precision_matrix import Word, altered_dtypes, of_dtype, overview, severity
from serlab.records.precision import Alteration, Example, PrecisionCell, PrecisionReport
from serlab.records.run import Exactness


def cell(codec: str, dtype: str, value_class: str = "unit", verdict: str = "", elements: int = 10) -> PrecisionCell:
    """Return 10 values of which ``elements`` got the verdict."""
    counts = {"exact": 10 - elements, verdict: elements} if verdict else {"exact": 10}
    example = Example((0,), "1", "0x1", "2", "0x2")
    alterations = (Alteration(verdict, elements, verdict != "rejected", (example,)),) if verdict else ()
    exactness = Exactness(10, counts)
    return PrecisionCell("live", codec, "rest", dtype, value_class, "both", None, exactness, (), alterations, 1, 0.1)


def report(*cells: PrecisionCell) -> PrecisionReport:
    return PrecisionReport("2026-01-01T00:00:00+00:00", 1, 10, cells, instance={"kind": "embedded", "version": "x"})


def test_codecs_and_dtypes_that_are_alike_share_a_column_or_a_row() -> None:
    found = overview(report(*(cell(codec, dtype) for codec in ("json", "orjson") for dtype in ("int8", "int16"))))
    assert found.columns == (("json", "orjson"),)
    assert found.rows == (("int8", "int16"),)
    assert found.words == ((Word(("exact",)),),)


def test_a_cell_has_every_verdict_the_worst_first_and_what_is_silent_is_worse_than_what_is_refused() -> None:
    found = overview(
        report(cell("json", "float64", "limits", "rejected"), cell("json", "float64", "unit", "rounded", 3))
    )
    assert found.words == ((Word(("rounded", "rejected"), whole=False),),)
    assert severity("rounded", silent=True) > severity("rejected")


def test_a_codec_that_was_not_examined_has_no_word() -> None:
    found = overview(report(cell("json", "int8"), cell("json", "bool"), cell("wire", "int8")))
    column = next(i for i, names in enumerate(found.columns) if names == ("wire",))
    row = next(i for i, names in enumerate(found.rows) if "bool" in names)
    assert found.words[row][column] is None


def test_classes_are_told_for_dtypes_that_lose_something() -> None:
    made = report(cell("json", "int8"), cell("json", "float64"), cell("json", "float64", "subnormal", "flushed"))
    assert altered_dtypes(made) == ["float64"]
    assert of_dtype(made, "float64").rows == (("unit",), ("subnormal",))


def test_findings_of_one_cause_are_one_and_the_worst_stands_first() -> None:
    cells = [
        replace(cell(codec, dtype, "subnormal", "flushed"), leg="request")
        for codec in ("json", "orjson") for dtype in ("float32", "float64")
    ]  # fmt: skip
    found = causes(report(replace(cell("json", "float16", "unit", "rejected"), leg="request"), *cells))
    assert [(cause.verdict, cause.silent) for cause in found] == [("flushed", True), ("rejected", False)]
    assert found[0].codecs == ("json", "orjson")
    (by_dtype,) = found[0].befallen.values()
    befallen = {dtype: [share.value_class for share in shares] for dtype, shares in by_dtype.items()}
    assert befallen == {"float32": ["subnormal"], "float64": ["subnormal"]}
    assert found[0].altered == 20  # codecs that behave alike are one finding


def test_ordinary_values_that_are_rounded_stand_before_subnormals_that_are_flushed() -> None:
    cells = [
        replace(cell("json", "float64", "subnormal", "flushed"), leg="request"),
        replace(cell("json", "float64", "halfway", "rounded", 5), leg="request"),
        replace(cell("json", "float64", "unit", "rounded", 1), leg="request"),
    ]
    first, second = causes(report(*cells))
    assert (first.verdict, second.verdict) == ("rounded", "flushed")
    assert [share.value_class for share in first.befallen["json",]["float64"]] == ["unit", "halfway"]
    assert overview(report(*cells)).words[0][0] == Word(("rounded", "flushed"), whole=False)


def test_each_codec_of_a_cause_has_its_own_classes_and_no_others() -> None:
    cells = [
        replace(cell("json", "float64", "quiet NaN", "rejected"), leg="request"),
        replace(cell("orjson", "float64", "quiet NaN", "rejected"), leg="request"),
        replace(cell("orjson", "float64", "infinity", "rejected"), leg="request"),
    ]
    (cause,) = causes(report(*cells))
    told = {codecs: [share.value_class for share in found["float64"]] for codecs, found in cause.befallen.items()}
    assert told == {("json",): ["quiet NaN"], ("orjson",): ["quiet NaN", "infinity"]}


def test_values_that_keep_what_they_are_do_not_become_worse_for_being_ordinary() -> None:
    assert severity("canonical", silent=True, ordinary=True) < severity("flushed", silent=True)
    assert severity("rounded", silent=True, ordinary=True) > severity("flushed", silent=True)
