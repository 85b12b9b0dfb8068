from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from serlab.analysis.holders import holders
from serlab.errors import MeasureError, StoreError, UsageError
from serlab.lab import memory_tracks
from serlab.lab.memory_pages import compare, draw, write_index
from serlab.lab.progress import ProgressShow
from serlab.measure.process.machine import describe_machine
from serlab.records.profiles import MemoryTrack
from serlab.records.run import Endpoint
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder, list_runs
from serlab.report import units
from serlab.serving.base import ServingOptions
from tests.command_line import Done, serlab

QUIET = ProgressShow(quiet=True)


@pytest.fixture(scope="module")
def measured_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, Done]:
    results = tmp_path_factory.mktemp("results")
    what = ("--payload", "vector-10k", "--codec", "orjson,json", "--flamegraphs", "none")
    done = serlab("memory", *what, "-q", "--json", "--results", str(results))
    assert done.returncode == 0, done.stderr
    return list_runs(results)[0], done


@pytest.fixture
def measured(
    measured_once: tuple[RunFolder, Done],
) -> tuple[RunFolder, Done]:
    """The run of the module, opened anew: whoever writes into a run holds it for as long as it is open."""
    folder, done = measured_once
    return RunFolder(folder.path), done


def test_with_payload_and_codec_it_measures_a_new_run(
    measured: tuple[RunFolder, Done],
) -> None:
    folder, done = measured
    found = json.loads(done.stdout)
    assert {(profile["case"]["codec"], profile["case"]["op"]) for profile in found} == {
        (codec, op) for codec in ("json", "orjson", "raw") for op in ("encode", "decode")
    }
    assert len(folder.read_memory()) == 6
    assert folder.read_runs() == ()
    assert (folder.path / "memory" / "index.html").exists()


def test_pages_are_drawn_on_demand_once_and_remembered(
    measured: tuple[RunFolder, Done],
) -> None:
    folder, _ = measured
    pages = draw(folder, "encode/vector-10k/json", "flamegraph", QUIET)
    assert [page.name for page in pages] == ["encode--vector-10k--json.html"]
    drawn = {profile.case.id: profile.flamegraph for profile in folder.read_memory() if profile.flamegraph}
    assert drawn == {"encode/vector-10k/json": "memory/encode--vector-10k--json.html"}
    before = pages[0].stat().st_mtime_ns
    assert draw(folder, "encode/vector-10k/json", "flamegraph", QUIET)[0].stat().st_mtime_ns == before
    assert draw(folder, "encode/vector-10k/json", "table", QUIET)[0].name == "encode--vector-10k--json.table.html"
    index = write_index(folder).read_text()
    assert 'href="../memory/encode--vector-10k--json.html"' in index
    assert 'href="../memory/encode--vector-10k--json.table.html"' in index


def test_the_index_names_what_held_most_of_every_peak_and_how_much(
    measured: tuple[RunFolder, Done],
) -> None:
    folder, _ = measured
    index = write_index(folder).read_text()
    for profile in folder.read_memory():
        found = holders(profile)[:2]
        assert found
        for holder in found:
            assert escape(f"{holder.name}: {units.size(holder.bytes)}, ") in index.replace("\u00a0", " ")
    json_encode = next(one for one in folder.read_memory() if one.case.id == "encode/vector-10k/json")
    assert {one.name for one in holders(json_encode)[:2]} == {"tensor.tolist", "json.dumps"}


def test_two_codecs_are_compared_frame_by_frame(
    measured: tuple[RunFolder, Done],
) -> None:
    folder, _ = measured
    said, pages = compare(folder, ("json", "orjson"), ("vector-10k",), QUIET)
    assert [line.partition(" with ")[0] for line in said] == ["Encode", "Decode"]
    peaks = {(profile.case.codec, profile.case.op): profile.peak_bytes for profile in folder.read_memory()}
    more = "json" if peaks["json", "encode"] > peaks["orjson", "encode"] else "orjson"
    assert said[0].startswith(f"Encode with {more} peaks at")
    text = pages[0].read_text()
    assert "serlab/codecs/json_stdlib.py" in text
    assert "serlab/codecs/orjson_numpy.py" in text


def test_a_comparison_of_what_was_not_profiled_says_how_to_measure_it(
    measured: tuple[RunFolder, Done],
) -> None:
    with pytest.raises(UsageError, match="serlab memory --payload vector-10k --codec json,base64"):
        compare(measured[0], ("json", "base64"), ("vector-10k",), QUIET)


def test_pages_of_a_payload_that_is_not_there_are_refused(
    measured: tuple[RunFolder, Done],
) -> None:
    with pytest.raises(UsageError, match="has no memory profile of batch-16: it has vector-10k"):
        draw(measured[0], "batch-16", "flamegraph", QUIET)


def test_native_frames_lie_beside_the_first_captures(
    measured: tuple[RunFolder, Done],
) -> None:
    folder, _ = measured
    done = serlab(
        "memory", folder.name, "--results", str(folder.path.parents[1]), "--native", "--codec", "orjson", "-q"
    )
    assert done.returncode == 0, done.stderr
    assert "encode/vector-10k/orjson" in done.stdout
    assert (folder.path / "memory" / "encode--vector-10k--orjson.native.html").exists()
    assert not [profile for profile in folder.read_memory() if "native" in profile.capture]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("--native", "--endtoend"), "different questions"),
        (("--view", "pie"), "choose flamegraph, temporal, table or speedscope"),
        (("--profile", "smoke", "--native"), "leave RUN"),
        ((), "serlab memory --profile smoke"),
        (("--endtoend",), "serlab bench"),
        (("--payload", "nothing"), "nothing"),
    ],
)
def test_wrong_use_is_told_without_a_traceback(tmp_path: Path, arguments: tuple[str, ...], wanted: str) -> None:
    done = serlab("memory", *arguments, "--results", str(tmp_path))
    assert done.returncode == 2
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr


class FakeWorkers:
    """Answers a track per codec; json's worker dies."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> FakeWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def of(self, _codec: str) -> FakeWorkers:
        return self

    def call(
        self, _function: object, *_args: object, payload_spec: str, codec_name: str, **_kwargs: object
    ) -> MemoryTrack:
        if codec_name == "json":
            raise MeasureError("the worker died")
        return MemoryTrack(payload_spec, codec_name, "rest", 3, (0.0,), (1,), (2,), 1, 2, 1, 2)


def test_tracks_are_kept_one_by_one_and_a_failure_is_named(
    run_data: RunData,
    write_run: Callable[[RunData, Path], RunFolder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def fake(serving: ServingOptions) -> Iterator[Endpoint]:
        yield Endpoint("remote", "9", "", "127.0.0.1:1")

    monkeypatch.setattr(memory_tracks, "open_endpoint", fake)
    monkeypatch.setattr(memory_tracks, "Parents", FakeWorkers)
    folder = write_run(run_data, tmp_path)
    report = memory_tracks.track(folder, ("image",), ("json", "orjson"), ServingOptions(), 1.0, QUIET)
    assert [track.codec for track in report.tracks] == ["orjson"]
    assert report.missing == ("memory of calls with image and json: the worker died",)
    assert report.instance == "remote (9)"
    assert folder.read_part(memory_tracks.PART, type(report), None) == report


def test_figures_of_another_machine_are_not_added_to(
    run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path
) -> None:
    from serlab.lab.profiled_run import run_of_this_machine

    write_run(run_data, tmp_path)
    with pytest.raises(StoreError, match="was measured on box"):
        run_of_this_machine("box/run", tmp_path)
    with pytest.raises(StoreError, match="has no run of this machine"):
        run_of_this_machine(None, tmp_path)
    here = replace(run_data.info, machine=describe_machine(), name="here/run")
    write_run(replace(run_data, info=here), tmp_path)
    assert run_of_this_machine(None, tmp_path).name == "here/run"
