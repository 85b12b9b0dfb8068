"""Pages of captures: their shared assets, and the frames that a comparison is made of."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from serlab.errors import MeasureError, StoreError, UsageError
from serlab.lab.memory_pages import draw, write_index
from serlab.lab.progress import ProgressShow
from serlab.measure.calls import Subject
from serlab.measure.memory import capture as memory
from serlab.measure.memory import flamegraph
from serlab.measure.memory.capture import frames_at_peak
from serlab.measure.memory.flamegraph import SHARED_FROM_BYTES, share_assets
from serlab.records.run import Case
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder

LARGE = "x" * SHARED_FROM_BYTES


def test_large_scripts_and_styles_move_into_files_that_pages_share(tmp_path: Path) -> None:
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        page.write_text(
            f'<style>{LARGE}</style><script type="text/javascript">{LARGE}1</script><script>{page}</script>'
        )
        share_assets(page)
    assert sorted(path.suffix for path in (tmp_path / "assets").iterdir()) == [".css", ".js"]
    for page in pages:
        text = page.read_text()
        assert LARGE not in text
        assert f"<script>{page}</script>" in text
        assert '<script type="text/javascript" src="assets/' in text
        assert '<link rel="stylesheet" href="assets/' in text


def test_the_data_of_a_page_stays_in_it_however_large(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(f"<script>const packed_data = '{LARGE}';</script>")
    assert LARGE in share_assets(page).read_text()
    assert not (tmp_path / "assets").exists()


def test_sharing_twice_changes_nothing(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(f"<script>{LARGE}</script>")
    once = share_assets(page).read_text()
    assert share_assets(page).read_text() == once


def test_a_flamegraph_is_small_beside_what_all_of_them_share(tmp_path: Path) -> None:
    capture = tmp_path / "raw.bin"
    memory.profile(Case("vector-1k", "raw", "encode"), Subject("vector-1k", 1), capture)
    page = flamegraph.render(capture)
    assert page.stat().st_size < 200_000
    assert sum(path.stat().st_size for path in (tmp_path / "assets").iterdir()) > 3_000_000
    loaded = re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"', page.read_text())
    assert len(loaded) >= 5
    assert all(target.startswith("assets/") for target in loaded)


def test_frames_at_the_peak_add_up_to_what_was_held(tmp_path: Path) -> None:
    capture = tmp_path / "raw.bin"
    found = memory.profile(Case("image", "raw", "encode"), Subject("image", 1), capture)
    frames = frames_at_peak(capture)
    assert sum(frame.bytes for frame in frames) == pytest.approx(found.peak_bytes, rel=0.01)
    assert frames[0].file == "serlab/codecs/raw.py"
    assert [frame.bytes for frame in frames] == sorted((frame.bytes for frame in frames), reverse=True)


def test_native_frames_name_the_function_below_python(tmp_path: Path) -> None:
    capture = tmp_path / "raw.native.bin"
    memory.profile(Case("image", "raw", "encode"), Subject("image", 1), capture, native=True)
    top = frames_at_peak(capture, native=True)[0]
    assert not top.file.endswith(".py")
    assert top.bytes >= 602_112


def test_frames_of_something_else_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "x.bin"
    other.write_bytes(b"no capture")
    with pytest.raises(MeasureError, match="not a readable memray capture"):
        frames_at_peak(other)
    with pytest.raises(MeasureError, match="not a readable memray capture"):
        frames_at_peak(tmp_path / "absent.bin")


def test_a_published_run_has_an_index_without_pages(tmp_path: Path) -> None:
    published = Path(__file__).parents[1] / "data" / "run-schema-1"
    folder = RunFolder(Path(shutil.copytree(published, tmp_path / "reference" / "run")))
    page = write_index(folder).read_text()
    assert "memory-table-image" in page
    assert "memory/" not in page.partition("<main")[2]
    with pytest.raises(UsageError, match="captures"):
        draw(folder, "image", "flamegraph", ProgressShow(quiet=True))


def test_a_capture_out_of_the_run_is_neither_read_nor_drawn_beside(tmp_path: Path, run_data: RunData) -> None:
    folder = RunFolder(tmp_path / "box" / "run")
    folder.write_info(run_data.info)
    outside = tmp_path / "outside.bin"
    outside.touch()
    for path in ("../../outside.bin", str(outside)):
        folder.add_memory(replace(run_data.memory[0], capture=path))
        with pytest.raises(StoreError, match=r"outside\.bin"):
            draw(folder, "all", "flamegraph", ProgressShow(quiet=True))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["box", "outside.bin"]
