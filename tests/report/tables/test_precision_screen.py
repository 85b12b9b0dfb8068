from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from serlab.records.precision import Alteration, Example, Leg, PrecisionCell, PrecisionReport
from serlab.records.run import Exactness
from serlab.report.tables.precision_screen import render_screen

DTYPES = ("float16", "float32", "float64", "complex64")
CODECS = tuple(f"codec-{number}" for number in range(10))


def many(*, live: bool) -> PrecisionReport:
    """Ten codecs that each alter four dtypes in a way of its own, on both legs and whole."""
    cells = []
    for dtype in DTYPES:
        for number, codec in enumerate(CODECS):
            for leg in ("request", "response", "both"):
                found = Alteration("flushed", number + 1, True, (Example((0,), "1e-45", "0x1", "0", "0x0"),))
                cells.append(_cell(dtype, codec, leg, found, live=live))
    instance = {"kind": "embedded", "version": "serlab 0.1.0"} if live else {}
    return PrecisionReport("2026-01-01T00:00:00+00:00", 1, 100, tuple(cells), instance=instance)


def _cell(dtype: str, codec: str, leg: Leg, found: Alteration, *, live: bool) -> PrecisionCell:
    exactness = Exactness(100, {"exact": 100 - found.elements, "flushed": found.elements})
    return PrecisionCell("live" if live else "offline", codec, "rest", dtype, "subnormal", leg, None, exactness, (),
                         (found,), 1, 0.1)  # fmt: skip


def printed(report: PrecisionReport) -> str:
    out = io.StringIO()
    render_screen(report, Console(file=out, width=100, markup=False, highlight=False))
    return out.getvalue()


@pytest.mark.parametrize("source", ["", "request.npy"])
def test_it_is_a_screen_however_much_was_found(source: str) -> None:
    lines = printed(replace(many(live=True), source=source)).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


def test_codecs_that_do_the_same_to_a_users_values_share_a_row() -> None:
    found = Alteration("rounded", 3, True, (Example((4,), "1", "0x1", "2", "0x2"),))
    cells = tuple(
        _cell("float64", codec, leg, found, live=True) for codec in ("json", "orjson") for leg in ("request", "both")
    )
    text = printed(replace(many(live=True), cells=cells, source="request.npy"))
    (row,) = (line for line in text.splitlines() if "3 of 100" in line)
    assert "json, orjson" in row


def test_a_word_has_a_cue_beside_its_colour_and_the_rest_is_named() -> None:
    text = printed(many(live=True))
    assert "✗ some flushed" in text
    assert "--all" in text


def test_offline_results_say_whose_parser_is_not_in_them() -> None:
    assert "TensorFlow Serving's own parser" in " ".join(printed(many(live=False)).split())
    assert "TensorFlow Serving's own parser" not in " ".join(printed(many(live=True)).split())
