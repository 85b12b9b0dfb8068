from __future__ import annotations

import json
from pathlib import Path

import pytest

from serlab.measure import speedscope
from serlab.measure.calls import Subject
from serlab.measure.memory import capture as memory
from serlab.measure.process.workers import Workers
from serlab.measure.speedscope import Frame, cpu_document, document
from serlab.records.profiles import CpuLine, CpuProfile
from serlab.records.run import Case


def test_stacks_share_frames_and_weights_add_up_to_the_end() -> None:
    outer, inner = Frame("main", "a.py", 1), Frame("encode", "b.py", 2)
    found = json.loads(document("case", "bytes", [((outer, inner), 30), ((outer,), 12)]))
    (profile,) = found["profiles"]
    assert found["shared"]["frames"] == [
        {"name": "main", "file": "a.py", "line": 1}, {"name": "encode", "file": "b.py", "line": 2},
    ]  # fmt: skip
    assert (profile["type"], profile["unit"], profile["samples"]) == ("sampled", "bytes", [[0, 1], [0]])
    assert (profile["weights"], profile["startValue"], profile["endValue"]) == ([30, 12], 0, 42)


def test_cpu_lines_become_seconds_by_file_line_and_kind() -> None:
    line = CpuLine("json/encoder.py", 258, "return encode(o)", 10.0, 30.0, 0.0, 0.0)
    profile = CpuProfile(
        Case("image", "json", "encode"), 1000, calls=9, elapsed_s=2.0, python_percent=10.0, native_percent=30.0,
        system_percent=0.0, own_percent=0.0, copy_mb_s=0.0, profile="cpu/a.json", top=(line,),
    )  # fmt: skip
    (found,) = json.loads(cpu_document(profile))["profiles"]
    assert found["unit"] == "seconds"
    assert found["weights"] == [pytest.approx(0.2), pytest.approx(0.6)]
    assert all(len(stack) == 3 for stack in found["samples"])


def test_a_capture_becomes_the_stacks_that_held_its_peak(tmp_path: Path) -> None:
    capture = tmp_path / "raw.bin"
    with Workers() as workers:
        profile = workers.call(memory.profile, Case("image", "raw", "encode"), Subject("image", 1), capture)
    path = speedscope.write_memory(capture)
    assert path == tmp_path / "raw.speedscope.json"
    found = json.loads(path.read_text())
    assert found["profiles"][0]["endValue"] == profile.peak_bytes
    assert any(frame["name"] == "encode" for frame in found["shared"]["frames"])
