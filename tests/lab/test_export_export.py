from __future__ import annotations

import csv
import io
from typing import Any

from serlab.lab.export import csv_text, markdown_text

ROWS: list[dict[str, Any]] = [
    {"codec": 'a "b", c\n', "time_s": 0.1 + 0.2, "bytes": 7, "exact": True},
    {"codec": "<b>|*x*|</b>", "time_s": None, "bytes": None, "exact": False},
]


def test_csv_is_read_back_with_every_digit() -> None:
    first, second = csv.DictReader(io.StringIO(csv_text(ROWS)))
    assert first["codec"] == ROWS[0]["codec"]
    assert float(first["time_s"]) == 0.1 + 0.2
    assert second["time_s"] == ""
    assert csv_text([]) == ""


def test_nothing_in_a_name_breaks_a_markdown_table() -> None:
    lines = markdown_text(ROWS).splitlines()
    assert lines[0] == "| codec | time_s | bytes | exact |"
    assert lines[1] == "| :-- | --: | --: | :-- |"
    assert len(lines) == 4
    assert lines[3] == r"| \<b\>\|\*x\*\|\</b\> |  |  | False |"
    assert markdown_text([]) == ""
