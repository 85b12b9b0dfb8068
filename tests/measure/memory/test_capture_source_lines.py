from __future__ import annotations

from pathlib import Path

import pytest

from serlab.measure.memory.capture import called_at

SOURCE = """\
def encode(self, tensor):
    values = tensor.tolist()
    body = self._dumps(
        {"a": values}, option=3
    )
    rows = np.array(values, dtype).reshape(shape)
    joined = b"".join(rows) if len(rows) else head + b"]"
    first = parser.parse(body)[self._key]
    whole = head + joined
    long = one_of_many(values).and_another_one_of_them(values).and_the_last_of_them_all(values)
"""


@pytest.mark.parametrize(
    ("line", "called"),
    [
        (2, "tensor.tolist()"),
        (3, "dumps(…)"),
        (4, "dumps(…)"),
        (6, "np.array(…).reshape(…)"),
        (7, "b''.join(…) if len(…) else head + b']'"),
        (8, "parser.parse(…)"),
        (9, ""),
    ],
)
def test_a_line_is_named_by_what_it_calls(tmp_path: Path, line: int, called: str) -> None:
    file = tmp_path / "codec.py"
    file.write_text(SOURCE)
    assert called_at(str(file), line) == called


def test_a_long_expression_is_cut_and_lost_source_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "codec.py"
    file.write_text(SOURCE)
    found = called_at(str(file), 10)
    assert len(found) == 60
    assert found.endswith("…")
    assert called_at(str(tmp_path / "absent.py"), 1) == ""
    (tmp_path / "binary.py").write_bytes(b"\x00\xff(")
    assert called_at(str(tmp_path / "binary.py"), 1) == ""
