from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from serlab.analysis.holders import holders
from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.memory import capture as memory
from serlab.measure.memory import flamegraph
from serlab.measure.memory.capture import called_at
from serlab.measure.process.workers import Workers
from serlab.records.run import Case, MemoryProfile

RAW = Case("image", "raw", "encode")
JSON = Case("image", "json", "encode")


def profile(case: Case, capture: Path) -> MemoryProfile:
    with Workers([case.codec]) as workers:
        return workers.call(memory.profile, case, Subject(case.payload, 1), capture)


def test_one_copy_of_the_buffer_adds_one_payload(tmp_path: Path) -> None:
    found = profile(RAW, tmp_path / "raw.bin")
    assert found.peak_bytes == pytest.approx(602_112, rel=0.01)
    assert found.raw_bytes == 602_112


def test_a_list_of_floats_weighs_many_payloads_most_of_them_small_objects(tmp_path: Path) -> None:
    found = profile(JSON, tmp_path / "json.bin")
    assert 20 <= found.peak_bytes / found.raw_bytes <= 30
    assert found.pymalloc_peak_bytes > 0.5 * found.peak_bytes
    assert found.allocated_bytes > found.peak_bytes
    assert found.top[0].file == "serlab/codecs/rest_json.py"
    assert [one.name for one in holders(found)[:2]] == ["tensor.tolist", "json.dumps"]


def test_the_figures_are_memrays_own(tmp_path: Path) -> None:
    capture = tmp_path / "raw.bin"
    found = profile(RAW, capture)
    stats = tmp_path / "stats.json"
    command = [sys.executable, "-m", "memray", "stats", "--json", "-o", str(stats), str(capture)]
    subprocess.run(command, check=True, capture_output=True)
    shown = json.loads(stats.read_text())
    assert found.allocations == shown["total_num_allocations"]
    assert found.allocated_bytes == shown["total_bytes_allocated"]
    assert found.peak_bytes == shown["metadata"]["peak_memory"]


def test_a_decode_is_profiled_without_the_making_of_its_body(tmp_path: Path) -> None:
    found = profile(Case("image", "raw", "decode"), tmp_path / "raw.bin")
    assert found.peak_bytes == pytest.approx(602_112, rel=0.01)


def test_a_flamegraph_is_one_page_that_needs_no_network(tmp_path: Path) -> None:
    capture = tmp_path / "raw.bin"
    profile(RAW, capture)
    page = flamegraph.render(capture)
    text = page.read_text()
    assert page == tmp_path / "raw.html"
    assert "tobytes" in text or "encode" in text
    assert not re.search(r"<(script|img|iframe)[^>]+src=.?http", text)
    assert not re.search(r"<link[^>]+href=.?http", text)


def test_a_file_that_is_no_capture_is_an_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad.bin"
    bad.write_bytes(b"not a capture")
    with pytest.raises(MeasureError, match="capture"):
        memory.read_capture(RAW, 1, bad)
    with pytest.raises(MeasureError, match=r"bad\.bin"):
        flamegraph.render(bad)


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("/home/me/.venv/lib/python3.11/site-packages/numpy/core/x.py", "numpy/core/x.py"),
        ("/usr/lib/python3.12/json/encoder.py", "json/encoder.py"),
        ("/src/checkout/serlab/codecs/raw.py", "serlab/codecs/raw.py"),
    ],
)
def test_results_name_files_from_their_package_on(path: str, short: str) -> None:
    assert memory.short_path(path) == short


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
