"""What ``serlab memory`` makes of captures: pages, native profiles, comparisons, and the index of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

from serlab.errors import StoreError, UsageError
from serlab.lab.profiled_run import chosen_codecs, chosen_payloads, run_of_this_machine
from serlab.lab.progress import ProgressShow
from serlab.lab.report_files import read_source, write_page
from serlab.measure.calls import subject_of_run
from serlab.measure.cases import time_cases
from serlab.measure.memory.capture import frames_at_peak, stacks_at_peak
from serlab.measure.memory.flamegraph import View, page_path, render
from serlab.measure.memory.phase import draw_flamegraph, profile_case
from serlab.measure.process.parents import Parents
from serlab.measure.process.workers import Workers
from serlab.records.run import OPS, MemoryProfile
from serlab.records.store import RunFolder, file_stem, find_run, newest_run
from serlab.report import memory_diff, memory_index
from serlab.report.memory_diff import Side
from serlab.report.origin import origin
from serlab.report.tables.console import print_json, wide_console
from serlab.report.tables.profiles import found_lines


def run_with_memory(name: str | None, results: Path, *, here: bool, any_part: bool) -> RunFolder:
    """Return the run called ``name``, or the newest that has memory profiles; ``any_part``: or the newest of any kind.

    ``here``: only one of this machine, to add to it.

    Raises:
        StoreError: there is none.
        UnknownNameError: no run has that name.
    """
    if name is not None:
        return run_of_this_machine(name, results) if here or any_part else find_run(name, results)
    if any_part:
        return run_of_this_machine(None, results)
    found = newest_run(results, lambda run: any(_captured(run, profile) for profile in run.read_memory()))
    if found is None:
        raise StoreError(f"no run in {results} has memory profiles: measure one with serlab memory --profile smoke")
    return run_of_this_machine(str(found.path), results) if here else found


def checked_view(name: str) -> View:
    """Return the view of that name. Raises ``UsageError`` where there is none."""
    if name not in get_args(View):
        raise UsageError(f"there is no view {name!r}: choose flamegraph, temporal, table or speedscope")
    return cast("View", name)


def draw(folder: RunFolder, selection: str, view: View, show: ProgressShow) -> list[Path]:
    """Draw the chosen pages that are not there yet and return the paths of all that were chosen.

    ``selection`` is all, none, a payload or a case's id. Paths of flamegraphs are kept in the run's record.

    Raises:
        UsageError: it chooses nothing.
        MeasureError: memray cannot read a capture.
    """
    profiles = list(folder.read_memory())
    chosen = [profile for profile in profiles if selection in ("all", profile.case.payload, profile.case.id)]
    if not chosen and selection != "none":
        cases = ", ".join(dict.fromkeys(profile.case.payload for profile in profiles)) or "nothing"
        raise UsageError(f"{folder.name} has no memory profile of {selection}: it has {cases}")
    lost = [profile.case.id for profile in chosen if not _captured(folder, profile)]
    if lost:
        raise UsageError(f"the captures of {folder.name} are not here, {lost[0]} for one: profile it again")
    pages = {profile.case: page_path(folder.inside(profile.capture), view) for profile in chosen}
    undrawn = [profile for profile in chosen if not pages[profile.case].exists()]
    show.phase(f"memory pages ({view})", len(undrawn))
    with Workers() as workers:
        for profile in undrawn:
            show.step(profile.case.id)
            workers.call(render, folder.inside(profile.capture), view)
    if view == "flamegraph":
        drawn = {case: page.relative_to(folder.path).as_posix() for case, page in pages.items()}
        folder.add_memory(*(replace(profile, flamegraph=drawn[profile.case]) for profile in chosen))
    return list(pages.values())


def profile_native(
    folder: RunFolder, payloads: Sequence[str], codecs: Sequence[str], show: ProgressShow
) -> tuple[list[MemoryProfile], list[Path]]:
    """Profile cases again with the frames of C, C++ and Rust, draw those, and return what they found with the pages.

    Raises:
        MeasureError: a case fails.
    """
    info = folder.read_info()
    names = chosen_codecs(info, codecs)
    cases = time_cases([payload.name for payload in chosen_payloads(info, payloads)], names)
    sound = {(gate.payload, gate.codec): not gate.exactness.failure for gate in info.gates}
    cases = [case for case in cases if sound.get((case.payload, case.codec), True)]
    found, pages = [], []
    show.phase("memory with native frames", len(cases))
    with Parents(names, seed=info.seed, number=0) as parents:
        for case in cases:
            show.step(case.id)
            workers = parents.of(case.codec)
            profile = draw_flamegraph(
                workers, folder, profile_case(workers, folder, case, subject_of_run(folder, case.payload), native=True)
            )
            top = frames_at_peak(folder.path / profile.capture, native=True)[: len(profile.top)]
            found.append(replace(profile, top=top, stacks=()))  # the stacks are of Python alone
            pages.append(folder.path / profile.flamegraph)
    return found, pages


def compare(
    folder: RunFolder, codecs: tuple[str, str], payloads: Sequence[str], show: ProgressShow
) -> tuple[list[str], list[Path]]:
    """Compare two codecs of one payload; return the comparison in words, and its page.

    Raises:
        UsageError: the run has not profiled both, or several payloads were named.
        MeasureError: a capture cannot be read.
    """
    if len(payloads) > 1:
        raise UsageError("--diff compares two codecs of one payload: give --payload once")
    source = read_source(folder)
    payload = chosen_payloads(source.data.info, payloads)[0]
    show.phase("comparing", None)
    pairs = []
    for op in OPS:
        sides = [_side(source.data.memory, folder, payload.name, codec, op, source.form) for codec in codecs]
        if all(sides):
            pairs.append((sides[0], sides[1]))
    known = [(one, two) for one, two in pairs if one and two]
    if not known:
        raise UsageError(
            f"{folder.name} has not profiled {payload.name} with both {codecs[0]} and {codecs[1]}: measure them with "
            f"serlab memory --payload {payload.name} --codec {','.join(codecs)}"
        )
    stem = file_stem(f"diff/{codecs[0]}/{codecs[1]}/{payload.name}")
    page = folder.memory_folder / f"{stem}.html"
    write_page(page, memory_diff.render(replace(source, base="../"), known, payload.raw_bytes))
    return [memory_diff.sentence(pair, payload.raw_bytes) for pair in known], [page]


def write_index(folder: RunFolder) -> Path:
    """Write the page of all cases side by side and return its path."""
    return write_page(folder.path / memory_index.PATH, memory_index.render(read_source(folder)))


def _side(
    profiles: Sequence[MemoryProfile], folder: RunFolder, payload: str, codec: str, op: str, form: str
) -> Side | None:
    """The case of a codec, over gRPC in the form that the live instance answers."""
    for profile in profiles:
        case = profile.case
        matches = (case.payload, case.codec, case.op) == (payload, codec, op) and case.form in (None, form)
        if matches and _captured(folder, profile):
            capture = folder.inside(profile.capture)
            return Side(case, frames_at_peak(capture), profile.stacks or stacks_at_peak(capture))
    return None


def _captured(folder: RunFolder, profile: MemoryProfile) -> bool:
    return bool(profile.capture) and folder.inside(profile.capture).is_file()


def show_found(folder: RunFolder, found: Sequence[Any], written: Sequence[Path], *, as_json: bool) -> None:
    """Print profiles, differences or tracks, and the pages that were written."""
    if as_json:
        print_json(found)
        return
    console, info = wide_console(), folder.read_info()
    console.print(origin(info.instance, info))
    for line in found_lines(found):
        console.print(line)
    for path in written:
        print(path)
